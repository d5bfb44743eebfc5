/// The rows of a CSV file (RFC 4180), separated by commas; line ends are CRLF, LF or CR.
final class CSVRows: SpreadsheetRows {
    private let text: TextChunks
    private let limits: SpreadsheetLimits
    private var piece: [UInt8] = []
    private var position = 0
    /// Of the row that is read; counts records, not lines, as a spreadsheet program does.
    private var number = 0
    private var row = SpreadsheetRow(number: 0)
    private var cell: [UInt8] = []
    private var isOver = false
    /// The byte before was the CR that ended a row.
    private var afterReturn = false

    /// What the next byte belongs to.
    private enum State {
        /// → bare, quoted, start of the next cell
        case start
        /// → start of the next cell
        case bare
        /// → quoteSeen
        case quoted
        /// → quoted (a doubled quote), start of the next cell
        case quoteSeen
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")

    init(path: String, limits: SpreadsheetLimits) throws(SpreadsheetError) {
        self.limits = limits
        text = try TextChunks(path: path, limits: limits)
    }

    func next() throws(SpreadsheetError) -> SpreadsheetRow? {
        while !isOver {
            let row = try record()
            if !row.isEmpty { return row }
        }
        return nil
    }

    /// One record, perhaps an empty one.
    private func record() throws(SpreadsheetError) -> SpreadsheetRow {
        number += 1
        row = SpreadsheetRow(number: number)
        var column = 1
        var state = State.start
        while let byte = try nextByte() {
            let isEnd = byte == 0x0A || byte == 0x0D
            switch state {
            case .start where byte == Self.quote: state = .quoted
            case .quoted where byte == Self.quote: state = .quoteSeen
            case .quoteSeen where byte == Self.quote:
                try add(byte, column)
                state = .quoted
            case .quoted: try add(byte, column)
            case _ where byte == Self.comma || isEnd:
                try endCell(column)
                if isEnd {
                    afterReturn = byte == 0x0D
                    return row
                }
                column += 1
                state = .start
            case .quoteSeen:
                throw SpreadsheetError(.malformed, "引号后面有多余的内容", row: number, column: column)
            case .start, .bare:
                try add(byte, column)
                state = .bare
            }
        }
        isOver = true
        guard state != .quoted else {
            throw SpreadsheetError(.malformed, "引号没有结束", row: number, column: column)
        }
        try endCell(column)
        return row
    }

    private func add(_ byte: UInt8, _ column: Int) throws(SpreadsheetError) {
        // Four bytes a character at most; one more character lets the cell be refused as too long.
        let most = 4 * (limits.cellCharacters + 1) + 1
        guard cell.count < most else {
            throw SpreadsheetError(
                .tooLarge, "单元格最多 \(limits.cellCharacters) 个字符", row: number, column: column)
        }
        cell.append(byte)
    }

    private func endCell(_ column: Int) throws(SpreadsheetError) {
        guard !cell.isEmpty else { return }
        guard column <= limits.columns else {
            throw SpreadsheetError(.tooLarge, "最多 \(limits.columns) 列", row: number)
        }
        guard let text = String(validating: cell, as: UTF8.self) else {
            throw SpreadsheetError(.malformed, "文字编码有误", row: number, column: column)
        }
        cell.removeAll(keepingCapacity: true)
        row.set(csvUnguarded(text), column: column, limits)
    }

    private func nextByte() throws(SpreadsheetError) -> UInt8? {
        while true {
            while position == piece.count {
                guard let more = try text.next() else { return nil }
                piece = more
                position = 0
            }
            let byte = piece[position]
            position += 1
            // The LF of a CRLF.
            if afterReturn {
                afterReturn = false
                if byte == 0x0A { continue }
            }
            return byte
        }
    }
}
