import Attachments
import Domain
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// Makes, checks and puts back backups of one service, beside the service or without it.
struct ServiceBackup: Sendable {
    /// What a backup holds, or what was put back.
    struct Summary: Sendable, CustomStringConvertible {
        let report: DatabaseReport
        let files: Int

        /// With the end of the audit chain: kept elsewhere, it proves later that nothing before it was changed.
        var description: String {
            let head = report.auditHead
            return "audit entry \(head.sequence) \(Hexadecimal.text(head.hash)), \(files) files"
        }
    }

    /// The most faults of files that are told.
    private static let mostFaults = 100

    let definition: ServiceDefinition
    /// Told now and then what is done, for who waits.
    let progress: @Sendable (String) -> Void

    /// The database as it stands at one moment, and every file that it refers to.
    ///
    /// Files are copied before the database and again after it. One that a row of the copy refers to was there when the first pass
    /// came by, or is younger than that, and the sweep leaves young files alone for a day. The copy of the database gets its name
    /// last: where it stands, the backup is whole.
    /// - Throws: when there is a backup already, and what ``Database/backUp(_:to:finishing:)`` throws.
    func make(of live: StoredData, at backup: StoredData) async throws -> Summary {
        guard !exists(backup.database) else {
            throw ConfigurationError("\(backup.database) exists; a backup gets a name of its own")
        }
        // Nothing is made for what is no database of this service.
        _ = try await Database.readBackup(configuration(live)) { _ in }
        try Database.prepareFolder(of: backup.database)
        try copyClock(live, to: backup)
        progress("copying files")
        try copyFiles(live.files, to: backup.files)
        progress("copying the database")
        let report = try await Database.backUp(configuration(live), to: backup.database) {
            progress("copying the files that came meanwhile")
            try copyFiles(live.files, to: backup.files)
        }
        return Summary(report: report, files: try count(backup.files))
    }

    /// What is not as it should be: a line for each fault of the database, and for each file that a row refers to and that is missing
    /// or damaged.
    /// - Throws: when the backup cannot be read, or another version of the service made it.
    func verify(_ backup: StoredData) async throws -> (summary: Summary, faults: [String]) {
        progress("checking the database")
        let report = try await Database.verify(configuration(backup))
        var faults = report.faults
        var files = 0
        guard faults.isEmpty, let referred = definition.files else {
            return (Summary(report: report, files: 0), faults)
        }
        let newest = definition.migrations.last?.number ?? 0
        guard report.migrationVersion == newest else {
            throw ConfigurationError(
                """
                \(backup.database) is of another version (migration \(report.migrationVersion), not \
                \(newest)): which files belong to it is known to that version's executable
                """)
        }
        progress("checking files")
        for first in UInt8.min...UInt8.max {
            let hashes = try await Database.readBackup(configuration(backup)) { rows in
                Set(try referred(AttachmentPart(first), rows))
            }
            for hash in hashes where faults.count < Self.mostFaults {
                do throws(AttachmentError) {
                    try backup.files.check(hash)
                    files += 1
                } catch {
                    faults.append(error.description)
                }
            }
        }
        return (Summary(report: report, files: files), faults)
    }

    /// Puts a backup where a service is to start. The backup stays.
    /// - Throws: when there is a database or a file already, and what ``Database/restore(_:to:)`` throws. Nothing is left behind then.
    func restore(_ backup: StoredData, to live: StoredData) async throws -> Summary {
        guard !exists(live.database) else {
            throw ConfigurationError(
                "\(live.database) exists; a backup is put back where nothing is")
        }
        guard try live.files.isEmpty else {
            throw ConfigurationError(
                "there are files in \(live.attachments); a backup is put back where nothing is")
        }
        do {
            progress("copying files")
            try Database.prepareFolder(of: live.database)
            try copyFiles(backup.files, to: live.files)
            try copyClock(backup, to: live)
            progress("copying and checking the database")
            // Last: without it no service can have started on half of the files.
            let report = try await Database.restore(
                backup.database, to: configuration(live))
            return Summary(report: report, files: try count(live.files))
        } catch {
            if !exists(live.database) {
                live.files.remove()
                _ = unsafe unlink(live.clock)
            }
            throw error
        }
    }

    private func configuration(_ data: StoredData) -> DatabaseConfiguration {
        DatabaseConfiguration(
            path: data.database, owner: definition.name, clock: SystemWallClock())
    }

    private func copyFiles(_ source: AttachmentFolder, to target: AttachmentFolder) throws {
        var copied = 0
        for first in UInt8.min...UInt8.max {
            copied += try source.copy(first, to: target)
            if first % 64 == 63, copied > 0 { progress("\(copied) files") }
        }
    }

    private func count(_ files: AttachmentFolder) throws -> Int {
        try (UInt8.min...UInt8.max).reduce(0) { try $0 + files.hashes($1).count }
    }

    private func copyClock(_ source: StoredData, to target: StoredData) throws {
        guard exists(source.clock) else { return }
        try DevelopmentClockFile(path: source.clock).copy(to: target.clock)
    }

    private func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
