import ArgumentParser
import Spreadsheets
import ZhichengClient

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Archive items or persons from an Excel or CSV file: all rows or none.",
        subcommands: [Template.self, ArchiveItems.self, Persons.self])
}

extension ImportCommand {
    struct Template: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "An empty file for a kind, with its columns and what they hold.")

        @Argument(help: "The kind, education or 教育经历; persons or 人员注册.")
        var kind: String
        @Option(help: "The file, NAME.xlsx or NAME.csv; one that is there is replaced.")
        var to: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func validate() throws {
            guard SpreadsheetFormat(fileName: to) != nil else {
                throw ValidationError("--to names a file that ends in .xlsx or .csv")
            }
        }

        func run() async throws {
            let persons = PersonSheet()
            let template =
                if ["persons", persons.label].contains(kind) { persons.template } else {
                    try await connection.withPlatform(session: session.token()) { client in
                        try await KindSheet(named: kind, client).template
                    }
                }
            guard let format = SpreadsheetFormat(fileName: to) else {
                preconditionFailure("the flags were validated")
            }
            try await reportingFile(to) {
                try await withSpreadsheet(
                    writing: to, format: format, layout: template
                ) { _ in }
            }
            Output.note("模板已写入 \(to)，表头带 * 的列必填")
        }
    }

    struct ArchiveItems: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "archive",
            abstract: "The signed-in applicant's items, as drafts: all rows of the file or none.",
            discussion: """
                Every fault is named by row and column. At most 1,000 rows at once; a dry run checks up \
                to 100,000. Evidence (佐证材料) is uploaded afterwards, then each draft is submitted.
                """)

        @Option(help: "The kind, education or 教育经历.")
        var kind: String
        @OptionGroup var work: ImportOptions

        func run() async throws {
            try await work.run({ client in try await KindSheet(named: kind, client) }) {
                "已导入 \($0) 项草稿；需要佐证材料的上传后再提交"
            }
        }
    }

    struct Persons: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Persons of the unit, as registrations that wait for its review: all rows or none.",
            discussion: """
                For the unit's administrator. Every fault is named by row and column. At most 1,000 rows at \
                once; a dry run checks up to 100,000. Who is new here gets an account for the same ID number \
                from the HR department or an operator.
                """)

        @OptionGroup var work: ImportOptions

        func run() async throws {
            try await work.run({ _ in PersonSheet() }) { "已导入 \($0) 人，待本单位审核" }
        }
    }
}

/// What imports have in common.
struct ImportOptions: ParsableArguments {
    @Argument(help: "The file: .xlsx, or CSV in UTF-8 or GB18030.")
    var file: String
    @Flag(help: "Only checks.")
    var dryRun = false
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var session: SessionOptions

    private struct Result: Encodable {
        let rows: Int
        let imported: Int64
        let errors: [ImportError]
    }

    /// Checks the file, and imports it unless that is all that is wanted.
    /// - Parameters:
    ///   - sheet: what its rows are.
    ///   - done: what is said of that many rows.
    func run(
        _ sheet: (PlatformClient) async throws -> any ImportedSheet, done: (Int64) -> String
    ) async throws {
        var check = ImportCheck(keepsRows: !dryRun)
        var imported: Int64 = 0
        (check, imported) = try await connection.withPlatform(session: session.token()) { client in
            let sheet = try await sheet(client)
            var check = check
            try await reportingFile(file) { try await check.run(file, sheet, client) }
            guard !dryRun, check.errors.isEmpty else { return (check, 0) }
            return (check, try await check.importRows(sheet, client))
        }
        if connection.output == .json {
            try Output.json(
                Result(rows: check.rows, imported: imported, errors: check.errors))
        } else {
            for error in check.errors { Output.line("\(error)") }
        }
        guard check.errors.isEmpty else {
            throw CommandFailure(
                .refused, "检查了 \(check.rows) 行，有 \(check.errors.count) 处错误，没有导入任何内容")
        }
        guard dryRun else { return Output.note(done(imported)) }
        Output.note("检查了 \(check.rows) 行，没有错误，没有导入任何内容（--dry-run）")
        if check.rows > ImportCheck.rowsPerCall {
            Output.note("一次最多导入 \(ImportCheck.rowsPerCall) 行，导入前请分成多个文件")
        }
    }
}
