package import ArgumentParser
import Domain
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// A service's executable: `serve`, which is meant when nothing is named, and what an operator does with its data.
package protocol ServiceCommand: AsyncParsableCommand {
    static var definition: ServiceDefinition { get }
    /// A line for the help page.
    static var abstract: String { get }
    /// What else the help page says.
    static var discussion: String { get }
}

extension ServiceCommand {
    package static var discussion: String { "" }

    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: definition.name, abstract: abstract,
            discussion: "Without a subcommand it serves; `serve --help` has the flags. "
                + discussion,
            version: platformVersion,
            subcommands: [
                Serve<Self>.self, BackUp<Self>.self, Verify<Self>.self, Restore<Self>.self,
            ], defaultSubcommand: Serve<Self>.self)
    }
}

private struct Serve<Owner: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "serve", abstract: "Run until SIGTERM or SIGINT.")
    }

    @OptionGroup var options: ServiceOptions

    func run() async throws { try await Owner.definition.run(options) }
}

private struct BackUp<Owner: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "backup",
            abstract: "Copy database and attached files, while the service runs or not.",
            discussion: """
                On the disk of the attached files their backup takes no room: it is further names of the same \
                files. A backup that is to outlive the disk belongs on another one.
                """)
    }

    @Option(help: "The service's database.") var database: String
    @Option(help: "Its folder of attachments. Default: beside the database.")
    var attachments: String?
    @Option(help: "The copy of the database to make; the files are put beside it.")
    var to: String

    func run() async throws {
        try await Owner.backingUp {
            let summary = try await $0.make(
                of: StoredData(database: database, attachments: attachments),
                at: StoredData(database: to))
            return "backed up in \(to): \(summary)"
        }
    }
}

private struct Verify<Owner: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "verify",
            abstract: "Check a backup: its database, its audit chain, every file that it refers to."
        )
    }

    @Argument(help: "The copy of the database.") var backup: String
    @Option(
        name: .customLong("head"),
        help: ArgumentHelp(
            "An end of the audit chain that an earlier backup told; again for each.",
            valueName: "number:hash"))
    var heads: [SavedHead] = []

    func run() async throws {
        try await Owner.backingUp {
            let (summary, faults) = try await $0.verify(
                StoredData(database: backup), savedHeads: heads.map(\.head))
            guard faults.isEmpty else {
                throw UnsoundBackup(
                    description: ([backup + " is not sound"] + faults)
                        .joined(separator: "\n  "))
            }
            return "\(backup) is sound: \(summary)"
        }
    }
}

private struct Restore<Owner: ServiceCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "restore",
            abstract: "Put a backup where nothing is, for the service to start with.")
    }

    @Option(help: "The copy of the database, with its files beside it.") var from: String
    @Option(help: "The service's database to be; nothing may be there.") var database: String
    @Option(help: "Its folder of attachments. Default: beside the database.")
    var attachments: String?

    func run() async throws {
        try await Owner.backingUp {
            let summary = try await $0.restore(
                StoredData(database: from),
                to: StoredData(database: database, attachments: attachments))
            return "put back in \(database): \(summary)"
        }
    }
}

/// An end of an audit chain as backups tell it, "12:9f86…".
private struct SavedHead: ExpressibleByArgument {
    let head: AuditHead

    init?(argument: String) {
        let parts = argument.split(separator: ":")
        guard parts.count == 2, let sequence = Int64(parts[0]),
            let hash = Hexadecimal.bytes(parts[1]), hash.count == 32
        else { return nil }
        head = AuditHead(sequence: sequence, hash: hash)
    }
}

/// A check that found faults, a line each.
private struct UnsoundBackup: Error, CustomStringConvertible {
    let description: String
}

extension ServiceCommand {
    /// Says on standard error what is done, and on standard output what came of it.
    fileprivate static func backingUp(
        _ work: (ServiceBackup) async throws -> String
    ) async throws {
        let name = definition.name
        try await definition.explaining {
            let backup = ServiceBackup(definition: definition) {
                writeLine("\(name): \($0)", to: STDERR_FILENO)
            }
            writeLine("\(name): \(try await work(backup))", to: STDOUT_FILENO)
        }
    }
}
