#if canImport(Glibc)
    import Glibc
#endif

/// What both formats take: rows of cells, one after the other.
protocol SpreadsheetSink: AnyObject {
    /// - Parameters:
    ///   - cells: at most as many as there are columns, each within `SpreadsheetLayout.longestCell`.
    ///   - row: as the sheet counts it, the head being 1.
    func append(_ cells: [String], row: Int) throws(SpreadsheetError)
    /// Ends the file.
    func finish() throws(SpreadsheetError)
    /// Lets go of the file that nobody wants any more.
    func abandon()
}

/// Writes the rows of one spreadsheet; lent by ``withSpreadsheet(writing:format:layout:_:)``.
/// It keeps no rows: memory does not grow with them.
package final class SpreadsheetWriter {
    private let sink: any SpreadsheetSink
    private let columns: Int
    /// Rows so far, the head not counted.
    package private(set) var rows = 0

    fileprivate init(_ sink: any SpreadsheetSink, columns: Int) {
        self.sink = sink
        self.columns = columns
    }

    /// Adds a row. Characters that no spreadsheet can hold become blanks.
    /// - Parameter cells: one for each column; the columns decide how they are kept.
    /// - Throws: `tooLarge` for a row or a cell too many; `unwritable`.
    package func append(_ cells: [String]) throws(SpreadsheetError) {
        precondition(cells.count == columns, "\(columns) columns have \(columns) cells")
        let row = rows + 2
        guard rows < SpreadsheetLayout.mostRows else {
            throw SpreadsheetError(
                .tooLarge, "最多 \(SpreadsheetLayout.mostRows) 行，请缩小范围后导出", row: row)
        }
        for (index, cell) in cells.enumerated()
        where cell.utf16.count > SpreadsheetLayout.longestCell {
            throw SpreadsheetError(
                .tooLarge,
                "单元格最多 \(SpreadsheetLayout.longestCell) 个字符，内容有 \(cell.utf16.count) 个",
                row: row, column: index + 1)
        }
        try sink.append(cells.map(storable), row: row)
        rows += 1
    }

    fileprivate func finish() throws(SpreadsheetError) { try sink.finish() }
    fileprivate func abandon() { sink.abandon() }
}

/// Lends a writer, then puts the finished file in its place: there is a whole file or none, readable by its owner only.
/// - Parameter path: of the file; what was there is replaced.
/// - Throws: `SpreadsheetError`, and what the body throws.
package func withSpreadsheet<Value>(
    writing path: String, format: SpreadsheetFormat, layout: SpreadsheetLayout,
    _ body: (SpreadsheetWriter) async throws -> Value
) async throws -> Value {
    let partial = path + ".partial"
    let sink: any SpreadsheetSink =
        switch format {
        case .xlsx: try XLSXSink(creating: partial, layout)
        case .csv: try CSVSink(creating: partial, layout)
        }
    let writer = SpreadsheetWriter(sink, columns: layout.columns.count)
    do {
        let value = try await body(writer)
        try writer.finish()
        guard unsafe rename(partial, path) == 0 else { throw unwritable() }
        return value
    } catch {
        writer.abandon()
        _ = unsafe unlink(partial)
        throw error
    }
}

/// Makes an empty file that only its owner can read, in place of what an earlier attempt left.
func createPrivately(_ path: String) throws(SpreadsheetError) -> Int32 {
    _ = unsafe unlink(path)
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw unwritable() }
    return descriptor
}

/// What the last system call says.
func unwritable() -> SpreadsheetError {
    SpreadsheetError(.unwritable, "文件无法写入（\(unsafe String(cString: strerror(errno)))）")
}

/// Line ends as LF; control characters, which XML cannot hold, as blanks.
private func storable(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 }) else {
        return text
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var afterReturn = false
    for byte in text.utf8 {
        switch byte {
        case 0x0D: bytes.append(0x0A)
        case 0x0A where afterReturn: break
        case 0x09, 0x0A, 0x20...: bytes.append(byte)
        default: bytes.append(0x20)
        }
        afterReturn = byte == 0x0D
    }
    return String(decoding: bytes, as: UTF8.self)
}
