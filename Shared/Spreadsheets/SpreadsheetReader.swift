#if canImport(Glibc)
    import Glibc
#endif

/// How much of a spreadsheet is read. What is beyond a limit is refused, with the limit and the place.
package struct SpreadsheetLimits: Sendable, Hashable {
    /// Bytes of the file.
    package var fileBytes = 32 << 20
    /// Rows with something in them, the head included.
    package var rows = 100_001
    package var columns = SpreadsheetLayout.mostColumns
    /// Characters of a cell.
    package var cellCharacters = SpreadsheetLayout.longestCell
    /// Parts of an .xlsx file.
    package var parts = 1_000
    /// Bytes of all parts that are read, unpacked.
    package var unpackedBytes = 256 << 20
    /// How many times larger than packed a part may be, beyond its first MiB.
    package var ratio = 300
    /// Bytes of the texts that an .xlsx file's cells share: they are held in memory.
    package var sharedTextBytes = 32 << 20

    package init() {}
}

/// A row with something in it.
package struct SpreadsheetRow: Sendable, Hashable {
    /// As the sheet counts it; the first is 1.
    package let number: Int
    /// From column A on, as a person would type them: dates as "2022-04-19", truth as "true"; nothing after the last cell with
    /// something in it.
    package var cells: [String]
    /// What is wrong with single cells, whose text is "" then.
    package var faults: [Fault] = []

    package struct Fault: Sendable, Hashable {
        /// 1 = A.
        package let column: Int
        /// In Chinese.
        package let message: String
    }

    init(number: Int, cells: [String] = []) {
        self.number = number
        self.cells = cells
    }

    /// Puts a text into a column, or nothing when it is too long.
    mutating func set(_ text: String, column: Int, _ limits: SpreadsheetLimits) {
        let longest = limits.cellCharacters
        if text.utf16.count > longest {
            fault("最多 \(longest) 个字符", column: column)
        } else if !text.isEmpty {
            while cells.count < column { cells.append("") }
            cells[column - 1] = text
        }
    }

    /// Notes what is wrong with a cell, 1 = A, in Chinese.
    package mutating func fault(_ message: String, column: Int) {
        faults.append(Fault(column: column, message: message))
    }

    var isEmpty: Bool { cells.isEmpty && faults.isEmpty }
}

/// Rows of either format, one after the other.
protocol SpreadsheetRows: AnyObject {
    /// The next row with something in it; nil after the last one.
    func next() throws(SpreadsheetError) -> SpreadsheetRow?
}

/// Reads the first sheet of an .xlsx file, or a CSV file, row by row; lent by ``withSpreadsheet(reading:limits:_:)``.
/// No row is kept; of an .xlsx file the shared texts are.
package final class SpreadsheetReader {
    private let source: any SpreadsheetRows
    private let limits: SpreadsheetLimits
    private var rows = 0
    package let format: SpreadsheetFormat

    fileprivate init(path: String, limits: SpreadsheetLimits) throws(SpreadsheetError) {
        self.limits = limits
        let first = try FileChunks(path: path, limit: limits.fileBytes, chunk: 8).next() ?? []
        if first.starts(with: Array("PK\u{3}\u{4}".utf8)) {
            format = .xlsx
            source = try XLSXRows(path: path, limits: limits)
        } else if first.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
            throw SpreadsheetError(.notSpreadsheet, "这是旧版 .xls 或加密的文件，请另存为 .xlsx 后再导入")
        } else {
            format = .csv
            source = try CSVRows(path: path, limits: limits)
        }
    }

    /// The next row with something in it; nil after the last one.
    /// - Throws: `malformed` and `tooLarge`; the file is of no further use then.
    package func next() throws(SpreadsheetError) -> SpreadsheetRow? {
        guard let row = try source.next() else { return nil }
        rows += 1
        guard rows <= limits.rows else {
            throw SpreadsheetError(.tooLarge, "最多 \(limits.rows) 行（含表头）", row: row.number)
        }
        return row
    }
}

/// Lends a reader; the file is closed afterwards.
/// - Throws: `SpreadsheetError` for a file that cannot be read, and what the body throws.
package func withSpreadsheet<Value>(
    reading path: String, limits: SpreadsheetLimits = SpreadsheetLimits(),
    _ body: (SpreadsheetReader) async throws -> Value
) async throws -> Value {
    try await body(SpreadsheetReader(path: path, limits: limits))
}

/// A file's bytes, a piece at a time.
final class FileChunks {
    private let descriptor: Int32
    private let chunk: Int

    /// - Parameters:
    ///   - limit: the most bytes that the file may have.
    ///   - chunk: the bytes of a piece.
    init(path: String, limit: Int, chunk: Int = 64 << 10) throws(SpreadsheetError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw SpreadsheetError(.unreadable, "文件无法打开（\(reason)）")
        }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(file)
            throw SpreadsheetError(.unreadable, "这不是一个文件")
        }
        guard status.st_size <= limit else {
            close(file)
            throw SpreadsheetError(.tooLarge, "文件最多 \(limit) 字节，实际 \(status.st_size) 字节")
        }
        descriptor = file
        self.chunk = chunk
    }

    deinit { close(descriptor) }

    /// The next piece; nil at the end.
    func next() throws(SpreadsheetError) -> [UInt8]? {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
            let step = unsafe read(descriptor, buffer.baseAddress, chunk)
            if step < 0 { failure = errno }
            count = max(step, 0)
        }
        guard failure == 0 else {
            let reason = unsafe String(cString: strerror(failure))
            throw SpreadsheetError(.unreadable, "文件无法读取（\(reason)）")
        }
        return bytes.isEmpty ? nil : bytes
    }
}
