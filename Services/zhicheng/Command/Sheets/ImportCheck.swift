import Spreadsheets
import ZhichengClient

/// What is wrong with a file that is imported.
struct ImportError: Encodable, CustomStringConvertible {
    /// As the sheet counts it; nil when the file is meant.
    let row: Int?
    /// The column's letters; nil when the row is meant.
    let column: String?
    /// The column's title.
    let label: String
    let message: String

    var description: String {
        let place = [
            row.map { "第 \($0) 行" }, column.map { "\($0) 列" }, label.isEmpty ? nil : label,
        ]
        let text = place.compactMap { $0 }.joined(separator: " ")
        return text.isEmpty ? message : "\(text)：\(message)"
    }
}

/// Checks a file's rows by the service's own rules, some at a time.
struct ImportCheck {
    /// The most rows of one call, and so of an import that is all or nothing.
    static let rowsPerCall = 1_000
    /// The most bytes of the cells of one call: an answer and a request have 4 MiB.
    static let bytesPerCall = 3 << 20
    /// Beyond these no further rows are checked.
    static let mostErrors = 10_000

    /// Rows below the head so far.
    private(set) var rows = 0
    /// How many the service takes; nil for as many as there are.
    private var room: Int64?
    /// The first row beyond these, as the sheet counts it.
    private var firstBeyond: Int?
    /// The row that each value of the sheet's own field was first in: calls have a part of the rows each.
    private var firstRows: [String: Int] = [:]
    private(set) var errors: [ImportError] = []
    /// The first rows, to be imported.
    private var kept: [Common.ImportRow] = []
    private var keptBytes = 0
    private let keepsRows: Bool
    private var head: ImportHead?

    /// - Parameter keepsRows: whether they are imported afterwards.
    init(keepsRows: Bool) { self.keepsRows = keepsRows }

    /// Reads the whole file; everything that is wrong is in ``errors`` afterwards.
    /// - Throws: `SpreadsheetError` for a file that cannot be read, and the calls' errors.
    mutating func run(
        _ path: String, _ sheet: any ImportedSheet, _ client: PlatformClient
    ) async throws {
        var limits = SpreadsheetLimits()
        // The longest field has 3,000 characters.
        limits.cellCharacters = 3_000
        limits.columns = 100
        let progress = Progress("已检查", "行")
        defer { progress.end() }
        try await withSpreadsheet(reading: path, limits: limits) { reader in
            guard let first = try reader.next() else {
                return addError("文件没有内容")
            }
            let head = ImportHead(first, sheet, &errors)
            self.head = head
            guard errors.isEmpty else { return }
            var part = ImportPart()
            while var row = try reader.next() {
                rows += 1
                noteRepeated(&row, head, sheet)
                part.add(row, head)
                if part.isFull {
                    try await check(part, head, sheet, client)
                    part = ImportPart()
                    progress.show(rows)
                    guard errors.count < Self.mostErrors else {
                        return addError("错误太多，第 \(row.number) 行以后没有检查")
                    }
                }
            }
            if !part.rows.isEmpty { try await check(part, head, sheet, client) }
        }
        if head != nil, errors.isEmpty, rows == 0 { addError("表头下面没有内容") }
        if let firstBeyond, let room {
            addError("业绩档案还能新增 \(room) 项，文件有 \(rows) 行，从这一行起放不下", row: firstBeyond)
        }
        if keepsRows, rows > Self.rowsPerCall {
            addError("一次最多导入 \(Self.rowsPerCall) 行，请分成多个文件")
        } else if keepsRows, keptBytes > Self.bytesPerCall {
            addError("内容超过一次导入的上限 \(Self.bytesPerCall) 字节，请分成多个文件")
        }
    }

    /// Imports the rows; only after a check without errors.
    /// - Returns: how many.
    func importRows(_ sheet: any ImportedSheet, _ client: PlatformClient) async throws -> Int64 {
        try await sheet.send(head?.keys ?? [], kept, checkOnly: false, client).imported
    }

    private mutating func addError(_ message: String, row: Int? = nil) {
        errors.append(ImportError(row: row, column: nil, label: "", message: message))
    }

    /// Notes a value that no two rows may have, at the second one and all after it.
    private mutating func noteRepeated(
        _ row: inout SpreadsheetRow, _ head: ImportHead, _ sheet: any ImportedSheet
    ) {
        guard let place = head.keys.firstIndex(where: { $0 == sheet.ownField }),
            head.columns[place] <= row.cells.count
        else { return }
        let column = head.columns[place]
        let value = row.cells[column - 1].trimmed.uppercased()
        guard !value.isEmpty else { return }
        if let first = firstRows[value] {
            row.fault("与第 \(first) 行相同", column: column)
        } else {
            firstRows[value] = row.number
        }
    }

    /// Has some rows checked by the service.
    private mutating func check(
        _ part: ImportPart, _ head: ImportHead, _ sheet: any ImportedSheet,
        _ client: PlatformClient
    ) async throws {
        let reply = try await sheet.send(head.keys, part.rows, checkOnly: true, client)
        errors += part.errors(reply.faults, head)
        if keepsRows, kept.count < Self.rowsPerCall, keptBytes <= Self.bytesPerCall {
            kept += part.rows
            keptBytes += part.bytes
        }
        room = reply.room
        if let room, firstBeyond == nil, Int64(rows) > room {
            firstBeyond = part.number(at: max(0, Int(room) - (rows - part.rows.count)))
        }
    }
}

/// Which column of a file is which field.
struct ImportHead {
    /// The fields' keys, in the order of their columns.
    private(set) var keys: [String] = []
    /// The column of each of them, 1 = A.
    private(set) var columns: [Int] = []
    private(set) var titles: [String] = []

    /// Notes unknown, repeated and missing columns as errors.
    init(_ row: SpreadsheetRow, _ sheet: any ImportedSheet, _ errors: inout [ImportError]) {
        func fault(_ column: Int?, _ label: String, _ message: String) {
            errors.append(
                ImportError(
                    row: row.number, column: column.map(columnName), label: label,
                    message: message))
        }
        for found in row.faults { fault(found.column, "", found.message) }
        for (index, title) in row.cells.enumerated() where !title.trimmed.isEmpty {
            guard let field = sheet.field(titled: title) else {
                if !sheet.isOfExport(title) {
                    fault(
                        index + 1, "", "\(sheet.label)没有“\(title.trimmed.prefix(40))”这一列"
                    )
                }
                continue
            }
            guard !keys.contains(field.key) else {
                fault(index + 1, field.label, "这一列重复了")
                continue
            }
            keys.append(field.key)
            columns.append(index + 1)
            titles.append(field.label)
        }
        for field in sheet.importFields where field.required && !keys.contains(field.key) {
            fault(nil, field.label, "缺少这一列")
        }
    }
}

/// Some rows of a file, for one call.
struct ImportPart {
    private(set) var rows: [Common.ImportRow] = []
    private(set) var bytes = 0
    /// As the sheet counts them.
    private var numbers: [Int] = []
    /// What the reader found, per row.
    private var faults: [Int: [SpreadsheetRow.Fault]] = [:]

    var isFull: Bool {
        rows.count == ImportCheck.rowsPerCall || bytes >= ImportCheck.bytesPerCall - (1 << 20)
    }

    /// - Parameter index: of ``rows``.
    /// - Returns: as the sheet counts it.
    func number(at index: Int) -> Int { numbers[index] }

    mutating func add(_ row: SpreadsheetRow, _ head: ImportHead) {
        let cells = head.columns.map { $0 <= row.cells.count ? row.cells[$0 - 1] : "" }
        let found = row.faults.filter { head.columns.contains($0.column) }
        if !found.isEmpty { faults[rows.count] = found }
        rows.append(Common.ImportRow(cells: cells))
        numbers.append(row.number)
        bytes += cells.reduce(cells.count * 4) { $0 + $1.utf8.count }
    }

    /// What the reader and the service found, by row and column.
    func errors(_ answered: [Common.ImportFault], _ head: ImportHead) -> [ImportError] {
        var found: [(row: Int, column: Int, label: String, message: String)] = []
        for (index, faults) in faults {
            for fault in faults {
                let place = head.columns.firstIndex(of: fault.column)
                found.append(
                    (index, fault.column, place.map { head.titles[$0] } ?? "", fault.message))
            }
        }
        for fault in answered where (1...rows.count).contains(Int(fault.row)) {
            let index = Int(fault.row) - 1
            let column = head.keys.firstIndex(of: fault.field).map { head.columns[$0] } ?? 0
            // A cell that could not be read was sent as an empty one.
            if faults[index]?.contains(where: { $0.column == column }) == true { continue }
            found.append((index, column, fault.label, fault.message))
        }
        // The service's order is that of the form; a stable sort keeps it within a column.
        return found.enumerated().sorted {
            ($0.element.row, $0.element.column, $0.offset)
                < ($1.element.row, $1.element.column, $1.offset)
        }.map { _, fault in
            ImportError(
                row: numbers[fault.row],
                column: fault.column > 0 ? columnName(fault.column) : nil, label: fault.label,
                message: fault.message)
        }
    }
}
