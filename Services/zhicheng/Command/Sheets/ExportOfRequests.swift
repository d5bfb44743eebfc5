import ArgumentParser
import ZhichengClient

// 公示表, and what units ask for.

extension ExportCommand {
    struct Notices: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "公示表, newest first.")

        @Flag(help: "Only those that run.")
        var running = false
        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "公示表",
                    client.declaration.allNotices(
                        running: running, pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(notices: $0) }
            }
        }
    }

    struct Entrustments: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "委托, newest first: the unit's, or those that the signed-in party decides.")

        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "委托", client.declaration.allEntrustments(pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(entrustments: $0) }
            }
        }
    }

    struct UnitChanges: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "变更申请 of 单位性质 and 属地, newest first.")

        @Flag(help: "Only those that wait.")
        var pending = false
        @OptionGroup var export: ExportOptions

        func run() async throws {
            try await export.withPlatform { client in
                try await export.write(
                    "变更申请",
                    client.identity.allUnitChanges(
                        state: pending ? .pending : .unspecified, pageSize: export.rowsPerCall),
                    id: \.id
                ) { Table(unitChanges: $0) }
            }
        }
    }
}
