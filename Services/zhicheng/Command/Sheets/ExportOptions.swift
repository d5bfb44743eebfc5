import ArgumentParser
import Spreadsheets
import ZhichengClient

/// What every export has in common: where the rows go, and which of those that match.
struct ExportOptions: ParsableArguments {
    @Option(help: "The file, NAME.xlsx or NAME.csv; one that is there is replaced.")
    var to: String
    @Flag(help: "All rows that match, instead of one page.")
    var all = false
    @Option(help: "Which page.")
    var page = 1
    @Option(help: "How many rows a page has, 1 to 200.")
    var pageSize = 10
    @Option(
        name: .customLong("id"),
        help: "Only the row with this id (编号). May be given several times: the selection.")
    var ids: [String] = []
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    func validate() throws {
        guard SpreadsheetFormat(fileName: to) != nil else {
            throw ValidationError("--to names a file that ends in .xlsx or .csv")
        }
        guard (1...100_000).contains(page) else {
            throw ValidationError("--page is a number from 1 to 100000")
        }
        guard (1...200).contains(pageSize) else {
            throw ValidationError("--page-size is a number from 1 to 200")
        }
        guard !all || ids.isEmpty, ids.count <= 10_000 else {
            throw ValidationError("--all goes without --id, and there are at most 10000 of these")
        }
    }

    /// As many rows as one answer brings, or those of the page that is wanted.
    var rowsPerCall: Int { all || !ids.isEmpty ? 200 : pageSize }

    func withPlatform(_ body: (PlatformClient) async throws -> Void) async throws {
        try await connection.withPlatform(session: session.token(), body)
    }

    /// Writes the rows that are wanted; the file is there only when all of them are in it.
    /// - Parameters:
    ///   - columns: how each column is kept; nil to tell by its title.
    ///   - table: the rows as a table that begins with 序号.
    func write<Row: Sendable>(
        _ name: String, _ rows: PagedRows<Row>, columns: [SpreadsheetColumn]? = nil,
        id: (Row) -> String, table: ([Row]) -> Table
    ) async throws {
        guard let format = SpreadsheetFormat(fileName: to) else {
            preconditionFailure("the flags were validated")
        }
        let layout = SpreadsheetLayout(
            sheetName: name, columns: columns ?? table([]).columns.map(Self.column))
        let progress = Progress("已导出", "行")
        defer { progress.end() }
        let count = try await reportingFile(to) {
            try await withSpreadsheet(writing: to, format: format, layout: layout) { writer in
                var choice = RowChoice(all: all, page: page, ids: ids)
                for try await page in rows.pages {
                    for var cells in table(choice.chosen(from: page, id: id)).rows {
                        cells[0] = "\(writer.rows + 1)"
                        try writer.append(cells)
                    }
                    progress.show(writer.rows)
                    if choice.isComplete { break }
                }
                try choice.checkComplete(rows: writer.rows)
                return writer.rows
            }
        }
        progress.end()
        Output.note("已导出 \(count) 行到 \(to)")
    }

    private static func column(_ title: String) -> SpreadsheetColumn {
        switch title {
        case "序号", "年度", "已推荐": SpreadsheetColumn(title, .number)
        case _ where title.hasSuffix("日期") || title.hasSuffix("时间"):
            SpreadsheetColumn(title, .day)
        default: SpreadsheetColumn(title)
        }
    }
}

/// Which rows of a list go to the file.
struct RowChoice {
    private let all: Bool
    private let page: Int
    private let isSelection: Bool
    /// Ids of the selection that were not met yet.
    private var missing: Set<String>
    private var pagesSeen = 0

    /// - Parameters:
    ///   - page: the first is 1; of no meaning with `all` or a selection.
    ///   - ids: the selection; empty for none.
    init(all: Bool, page: Int, ids: [String]) {
        self.all = all
        self.page = page
        isSelection = !ids.isEmpty
        missing = Set(ids)
    }

    /// Those of the list's next page.
    mutating func chosen<Row>(from rows: [Row], id: (Row) -> String) -> [Row] {
        pagesSeen += 1
        if isSelection { return rows.filter { missing.remove(id($0)) != nil } }
        return all || pagesSeen == page ? rows : []
    }

    /// Whether the pages after this one are not wanted.
    var isComplete: Bool { isSelection ? missing.isEmpty : !all && pagesSeen == page }

    /// - Throws: when something that was asked for is not there.
    func checkComplete(rows: Int) throws(CommandFailure) {
        if let first = missing.min() {
            let more = missing.count > 1 ? " 等 \(missing.count) 条" : ""
            throw CommandFailure(.refused, "列表中没有: \(first)\(more)")
        }
        if !all, !isSelection, page > 1, rows == 0 {
            throw CommandFailure(.refused, "没有第 \(page) 页")
        }
    }
}

/// What goes wrong with a spreadsheet ends the command with the file's name.
func reportingFile<Value>(
    _ path: String, _ body: () async throws -> Value
) async throws -> Value {
    do {
        return try await body()
    } catch let error as SpreadsheetError {
        let isPlace = error.code == .unreadable || error.code == .unwritable
        throw CommandFailure(isPlace ? .usage : .refused, "\(path): \(error)")
    }
}
