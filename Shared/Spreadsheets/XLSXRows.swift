import Domain

/// The rows of an .xlsx file's first sheet.
final class XLSXRows: SpreadsheetRows {
    private let archive: ZipArchive
    private let limits: SpreadsheetLimits
    private let book: XLSXWorkbook
    private var reader: XMLPullReader
    /// Of the row that came last.
    private var number = 0
    private var raw: [UInt8] = []

    init(path: String, limits: SpreadsheetLimits) throws(SpreadsheetError) {
        self.limits = limits
        archive = try ZipArchive(path: path, limits: limits)
        book = try XLSXWorkbook(archive, limits)
        guard try archive.open(book.sheetPart) else { throw Self.broken(row: nil) }
        reader = XMLPullReader(archive)
    }

    func next() throws(SpreadsheetError) -> SpreadsheetRow? {
        while true {
            switch try reader.next() {
            case .start("row"):
                let row = try readRow()
                if !row.isEmpty { return row }
            case .finished: return nil
            default: break
            }
        }
    }

    private func readRow() throws(SpreadsheetError) -> SpreadsheetRow {
        let given = reader.attribute("r")
        guard let number = given.map({ Int($0) }) ?? (number + 1), number > self.number,
            number <= SpreadsheetLayout.mostRows + 1
        else { throw Self.broken(row: self.number) }
        self.number = number
        var row = SpreadsheetRow(number: number)
        var column = 0
        while true {
            switch try reader.next() {
            case .start("c"):
                column = try self.column(after: column)
                try readCell(into: &row, column: column)
            case .end("row"): return row
            case .finished: throw Self.broken(row: number)
            default: break
            }
        }
    }

    /// The column that the cell names, "AB12", or the next one.
    private func column(after last: Int) throws(SpreadsheetError) -> Int {
        guard let reference = reader.attribute("r") else { return last + 1 }
        var column = 0
        for byte in reference.utf8 {
            guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) else { break }
            column = column * 26 + Int(byte - UInt8(ascii: "A")) + 1
            guard column <= 16_384 else { break }
        }
        guard column > last, column <= 16_384 else { throw Self.broken(row: number) }
        return column
    }

    private func readCell(
        into row: inout SpreadsheetRow, column: Int
    ) throws(SpreadsheetError) {
        let type = reader.attribute("t") ?? "n"
        let style = Int(reader.attribute("s") ?? "") ?? 0
        let most = limits.cellBytes
        raw.removeAll(keepingCapacity: true)
        var isValue = false
        cell: while true {
            switch try reader.next() {
            case .start("v"): isValue = true
            case .end("v"): isValue = false
            case .start("is"):
                try reader.appendTexts(to: &raw, until: "is", most: most)
            case .text:
                if isValue, raw.count < most { raw += reader.text }
            case .end("c"): break cell
            case .finished: throw Self.broken(row: number)
            default: break
            }
        }
        guard !raw.isEmpty else { return }
        guard column <= limits.columns else {
            throw SpreadsheetError(.tooLarge, "最多 \(limits.columns) 列", row: number)
        }
        try put(type, style, into: &row, column: column)
    }

    /// Makes a text of what the cell holds.
    private func put(
        _ type: String, _ style: Int, into row: inout SpreadsheetRow, column: Int
    ) throws(SpreadsheetError) {
        guard let value = text(raw, limits) else {
            throw SpreadsheetError(.malformed, "文字编码有误", row: number, column: column)
        }
        switch type {
        case "s":
            guard let index = Int(value), let text = book.texts[index] else {
                throw SpreadsheetError(.malformed, "引用的文字不存在", row: number, column: column)
            }
            row.set(text, column: column, limits)
        case "inlineStr", "str": row.set(value, column: column, limits)
        case "b": row.set(value == "1" ? "true" : "false", column: column, limits)
        // An ISO 8601 date, from strict workbooks.
        case "d": row.set(String(value.prefix { $0 != "T" }), column: column, limits)
        case "n":
            let showsDay = book.showsDays.indices.contains(style) && book.showsDays[style]
            number(value, showsDay: showsDay, into: &row, column: column)
        default: row.fault("单元格的公式有误，没有值", column: column)
        }
    }

    private func number(
        _ value: String, showsDay: Bool, into row: inout SpreadsheetRow, column: Int
    ) {
        guard let number = Double(value), number.isFinite else {
            return row.fault("不是一个数", column: column)
        }
        if showsDay {
            guard let day = book.day(serial: number) else {
                return row.fault("不是一个日期", column: column)
            }
            return row.set(day.description, column: column, limits)
        }
        // A number keeps 15 digits: an ID number that became one has lost its end.
        guard abs(number) < 1e15 else {
            return row.fault("数字超过 15 位，末尾已丢失，请把单元格设为文本后重新填写", column: column)
        }
        let text = number == number.rounded() ? "\(Int64(number))" : "\(number)"
        row.set(text, column: column, limits)
    }

    private static func broken(row: Int?) -> SpreadsheetError {
        SpreadsheetError(.malformed, "工作表的内容已损坏，请重新保存后再导入", row: row)
    }
}
