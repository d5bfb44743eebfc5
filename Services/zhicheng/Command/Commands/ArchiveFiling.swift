import ArgumentParser
import ZhichengClient

extension ArchiveCommand {
    struct Tree: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The seven categories with (全部/已审核) per kind, and the statistics.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        private struct Kind: Encodable {
            let category, kind, label: String
            let total, reviewed: Int64
        }

        func run() async throws {
            let tree = try await connection.withPlatform(session: session.token()) { client in
                try await client.archive.getTree(Archive.GetTreeRequest())
            }
            guard connection.output == .table else {
                return try Output.json(
                    tree.categories.flatMap { category in
                        category.items.map {
                            Kind(
                                category: category.label, kind: $0.kind, label: $0.label,
                                total: $0.total, reviewed: $0.reviewed)
                        }
                    })
            }
            Output.table(
                Table(
                    ["类别", "项目", "种类", "全部/已审核"],
                    rows: tree.categories.flatMap { category in
                        category.items.map {
                            [category.label, $0.label, $0.kind, "\($0.total)/\($0.reviewed)"]
                        }
                    }))
            Output.line(tree.statistics.map { "\($0.label)(\($0.count))" }.joined(separator: " "))
        }
    }

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "新增 or changes a draft, as its applicant.",
            discussion: """
                Fields by their keys, which `zhicheng import template KIND` has as columns: \
                `zhicheng archive save --kind education school=福州大学 start_day=2010-09-01`.
                """)

        @Option(help: "The kind of a new item: education, work_history, paper …")
        var kind = ""
        @Option(help: "The draft to change; its other fields stay.")
        var id = ""
        @Argument(help: "KEY=VALUE; an empty value clears the field.")
        var fields: [String]
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func validate() throws {
            guard kind.isEmpty != id.isEmpty else {
                throw ValidationError("give --kind for a new item, or --id for one to change")
            }
            for field in fields where !field.contains("=") {
                throw ValidationError("“\(field)” is not KEY=VALUE")
            }
        }

        func run() async throws {
            let item = try await connection.withPlatform(session: session.token()) { client in
                let before =
                    id.isEmpty
                    ? Archive.Item()
                    : try await client.archive.getItem(Archive.GetItemRequest(id: id))
                return try await client.archive.saveItem(
                    Archive.SaveItemRequest(
                        id: id, expectedVersion: before.version, kind: kind,
                        values: values(before.values)))
            }
            try item.show(connection.output, "已保存")
        }

        private func values(_ before: [Common.FormValue]) -> [Common.FormValue] {
            var values = before
            for field in fields {
                let parts = field.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = Common.FormValue(key: String(parts[0]), value: String(parts[1]))
                values.removeAll { $0.key == value.key }
                values.append(value)
            }
            return values
        }
    }

    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "提交 a draft or a returned item to the unit, as its applicant.")

        @Argument(help: "The item, as `zhicheng archive list` names it.")
        var id: String
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var session: SessionOptions

        func run() async throws {
            let item = try await connection.withPlatform(session: session.token()) { client in
                let now = try await client.archive.getItem(Archive.GetItemRequest(id: id))
                return try await client.archive.submitItem(
                    Archive.SubmitItemRequest(id: id, expectedVersion: now.version))
            }
            try item.show(connection.output, "已提交")
        }
    }

    struct Retract: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "收回 a submission that nobody decided yet, as its applicant: a draft again.")

        @OptionGroup var item: OneItem

        func run() async throws {
            let session = try item.session.token()
            let draft = try await item.connection.withPlatform(session: session) { client in
                let now = try await client.archive.getItem(Archive.GetItemRequest(id: item.id))
                return try await client.archive.retractItem(
                    Archive.RetractItemRequest(id: item.id, expectedVersion: now.version))
            }
            try draft.show(item.connection.output, "已收回")
        }
    }
}

extension Archive.Item {
    fileprivate func show(_ format: OutputFormat, _ word: String) throws {
        guard format == .table else { return try Output.json(ItemRow(self)) }
        Output.line("\(word) \(kindLabel) \(mainName)（\(stateLabel)）：\(id)")
    }
}
