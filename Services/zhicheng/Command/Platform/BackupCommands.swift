import ArgumentParser
import Foundation
import ZhichengClient

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract:
            "Copy databases and attached files of a platform on this machine, while it runs or not.",
        discussion: """
            Runs the `backup` of each service in turn, senders of messages before their receivers. Each copy is \
            its database at one moment, with every file that it refers to; the moments lie as far apart as the \
            copying takes. Where what two services have agreed on must be the same to the second, stop the \
            platform first. field.keys is not copied: keep it elsewhere, for without it personal data cannot be \
            read. Services on several machines: the services' own `backup`.
            """)

    @Option(help: "Folder of the platform, as `dev` has it.")
    var data = "data"
    @Option(help: "The folder to make.")
    var to: String

    func run() async throws {
        let (source, target) = (PlatformFolder(data), PlatformFolder(to))
        guard source.hasData else {
            throw CommandFailure(.usage, "there are no databases in \(source.path)")
        }
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw CommandFailure(.usage, "\(target.path) exists; a backup gets a folder of its own")
        }
        for process in ServiceProcess.sendersFirst {
            try process.run([
                "backup", "--database", source.database(process.database),
                "--to", target.database(process.database),
            ])
        }
        try source.copyMemory(to: target)
        Output.line("backed up in \(target.path); keep \(source.keys.fields) elsewhere")
    }
}

struct VerifyBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-backup",
        abstract: "Check a backup: databases, audit chains, and every file that they refer to.")

    @Argument(help: "The folder that `backup` made.")
    var folder: String

    func run() async throws {
        let backup = PlatformFolder(folder)
        var unsound: [String] = []
        for process in ServiceProcess.sendersFirst {
            do {
                try process.run(["verify", backup.database(process.database)])
            } catch {
                unsound.append("\(process.name.rawValue) (\(error.message))")
            }
        }
        guard unsound.isEmpty else {
            throw CommandFailure(
                .failed, "\(backup.path) is not sound: \(unsound.joined(separator: ", "))")
        }
        Output.line("\(backup.path) is sound")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup where no databases are, for the platform to start with.",
        discussion: """
            The backup stays. Put field.keys of the same deployment into the folder before the start, and certificates.
            """)

    @Option(help: "The folder that `backup` made.")
    var from: String
    @Option(help: "Folder of the platform to be.")
    var data = "data"

    func run() async throws {
        let (backup, target) = (PlatformFolder(from), PlatformFolder(data))
        guard backup.hasData else {
            throw CommandFailure(.usage, "there is no backup in \(backup.path)")
        }
        try makePrivateFolder(target.path)
        let lock = try target.lock()
        defer { try? lock.close() }
        guard !target.hasData else {
            throw CommandFailure(
                .usage,
                "there are databases in \(target.path); a backup is put back where none are")
        }
        for process in ServiceProcess.sendersFirst {
            do {
                try process.run([
                    "restore", "--from", backup.database(process.database),
                    "--database", target.database(process.database),
                ])
            } catch {
                throw CommandFailure(
                    error.code, "\(error.message); remove what was put back in \(target.path)")
            }
        }
        try backup.copyMemory(to: target)
        Output.line("put back in \(target.path)")
    }
}

extension ServiceProcess {
    /// Runs the service's executable to its end; its words are this command's.
    fileprivate func run(_ arguments: [String]) throws(CommandFailure) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try LocalPlatform.executable(name.rawValue))
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw CommandFailure(.usage, "\(name.rawValue) cannot be run: \(reason(error))")
        }
        process.waitUntilExit()
        let status = process.terminationStatus
        guard process.terminationReason == .exit, status == 0 else {
            // 78: the service's word for what the operator has to change.
            throw CommandFailure(
                status == 78 ? .usage : .failed,
                "\(name.rawValue) \(arguments[0]) ended with \(status)")
        }
    }
}
