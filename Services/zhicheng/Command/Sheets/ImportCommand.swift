import ArgumentParser
import Spreadsheets
import ZhichengClient

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Archive items from an Excel or CSV file: all rows or none.",
        subcommands: [Template.self, ArchiveItems.self])
}

extension ImportCommand {
    struct Template: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "An empty file for a kind, with its columns and what they hold.")

        @Argument(help: "The kind, education or 教育经历.")
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
            let sheet = try await connection.withPlatform(session: session.token()) { client in
                try await KindSheet(named: kind, client)
            }
            guard let format = SpreadsheetFormat(fileName: to) else {
                preconditionFailure("the flags were validated")
            }
            try await reportingFile(to) {
                try await withSpreadsheet(
                    writing: to, format: format, layout: sheet.template
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

        @Argument(help: "The file: .xlsx, or CSV in UTF-8 or GB18030.")
        var file: String
        @Option(help: "The kind, education or 教育经历.")
        var kind: String
        @Flag(help: "Only checks.")
        var dryRun = false
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        private struct Result: Encodable {
            let rows: Int
            let imported: Int64
            let errors: [ImportError]
        }

        func run() async throws {
            var check = ImportCheck(keepsRows: !dryRun)
            var imported: Int64 = 0
            (check, imported) = try await connection.withPlatform(session: session.token()) {
                client in
                let sheet = try await KindSheet(named: kind, client)
                var check = check
                try await reportingFile(file) { try await check.run(file, sheet, client) }
                guard !dryRun, check.errors.isEmpty else { return (check, 0) }
                let reply = try await client.archive.importItems(check.request(for: sheet))
                return (check, reply.imported)
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
            Output.note(
                dryRun
                    ? "检查了 \(check.rows) 行，没有错误，没有导入任何内容（--dry-run）"
                    : "已导入 \(imported) 项草稿；需要佐证材料的上传后再提交")
        }
    }
}
