#if canImport(Glibc)
    import Glibc
#endif

/// A CSV file (RFC 4180) in UTF-8 with the byte order mark by which Excel knows it; every cell is quoted.
final class CSVSink: SpreadsheetSink {
    private let kinds: [SpreadsheetColumn.Kind]
    /// -1 once it is closed.
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    private static let bufferBytes = 64 << 10

    /// Makes the file with its head.
    init(creating path: String, _ layout: SpreadsheetLayout) throws(SpreadsheetError) {
        kinds = layout.columns.map(\.kind)
        descriptor = try createPrivately(path)
        buffer.reserveCapacity(2 * Self.bufferBytes)
        buffer += [0xEF, 0xBB, 0xBF]
        for (index, column) in layout.columns.enumerated() {
            add(csvGuarded(column.title), isLast: index == layout.columns.count - 1)
        }
    }

    deinit { abandon() }

    func append(_ cells: [String], row: Int) throws(SpreadsheetError) {
        for (index, cell) in cells.enumerated() {
            let isNumber = kinds[index] == .number && exactNumber(cell) != nil
            add(isNumber ? cell : csvGuarded(cell), isLast: index == cells.count - 1)
        }
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    private func add(_ cell: String, isLast: Bool) {
        let quote = UInt8(ascii: "\"")
        buffer.append(quote)
        for byte in cell.utf8 {
            if byte == quote { buffer.append(quote) }
            buffer.append(byte)
        }
        buffer.append(quote)
        if isLast {
            buffer += [0x0D, 0x0A]
        } else {
            buffer.append(UInt8(ascii: ","))
        }
    }

    private func flush() throws(SpreadsheetError) {
        var sent = 0
        while sent < buffer.count {
            let step = unsafe buffer[sent...].withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
            guard step >= 0 || errno == EINTR else { throw unwritable() }
            sent += max(step, 0)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    func finish() throws(SpreadsheetError) {
        guard descriptor >= 0 else { return }
        try flush()
        let file = descriptor
        descriptor = -1
        guard close(file) == 0 else { throw unwritable() }
    }

    func abandon() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }
}

/// The text as CSV keeps it: an apostrophe goes before what a spreadsheet program would take for a formula, or for a number of
/// which it would drop digits.
func csvGuarded(_ text: String) -> String { needsGuard(text) ? "'" + text : text }

/// What ``csvGuarded(_:)`` was given.
func csvUnguarded(_ text: String) -> String {
    guard text.utf8.first == UInt8(ascii: "'") else { return text }
    let rest = String(text.dropFirst())
    return needsGuard(rest) ? rest : text
}

/// Apostrophes before it change nothing, so that the guard can be taken off again.
private func needsGuard(_ text: String) -> Bool {
    let bare = text.utf8.drop { $0 == UInt8(ascii: "'") }
    guard let first = bare.first else { return false }
    switch first {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0A,
        0x0D:
        return true
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
        // From 12 digits on Excel shows 3.50199E+17; a leading zero is dropped.
        let isDigits = bare.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isDigits && (bare.count >= 12 || (first == UInt8(ascii: "0") && bare.count > 1))
    default: return false
    }
}
