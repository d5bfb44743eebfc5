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

        /// With the end of the audit chain: kept elsewhere and given to `verify --head`, it proves later that nothing before it was
        /// changed.
        var description: String {
            let head = report.auditHead
            return "audit head \(head.sequence):\(Hexadecimal.text(head.hash)), \(files) files"
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
    /// - Parameter savedHeads: ends of the audit chain that were kept elsewhere.
    /// - Throws: when the backup cannot be read, or another version of the service made it.
    func verify(
        _ backup: StoredData, savedHeads: [AuditHead] = []
    ) async throws -> (summary: Summary, faults: [String]) {
        progress("checking the database")
        let report = try await Database.verify(configuration(backup), savedHeads: savedHeads)
        guard report.faults.isEmpty else {
            return (Summary(report: report, files: 0), report.faults)
        }
        guard isOfThisVersion(report) else {
            throw ConfigurationError(
                """
                \(backup.database) is of another version (migration \(report.migrationVersion)): which \
                files belong to it is known to that version's executable
                """)
        }
        let (files, faults) = try await checkFiles(of: backup)
        return (Summary(report: report, files: files), faults)
    }

    private func isOfThisVersion(_ report: DatabaseReport) -> Bool {
        report.migrationVersion == definition.migrations.last?.number ?? 0
    }

    /// How many files a backup of this version refers to that are sound, and a line for each other one.
    private func checkFiles(of backup: StoredData) async throws -> (files: Int, faults: [String]) {
        guard let referred = definition.files else { return (0, []) }
        var faults: [String] = []
        var files = 0
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
        return (files, faults)
    }

    /// Puts a backup where a service is to start. The backup stays.
    /// - Throws: when there is a database or a file already, when a file that the backup refers to is missing or damaged, and what
    ///   ``Database/restore(_:to:inside:)`` throws. Nothing is left behind then.
    func restore(_ backup: StoredData, to live: StoredData) async throws -> Summary {
        try checkIsFree(live)
        if isOfThisVersion(try await Database.verify(configuration(backup))) {
            let faults = try await checkFiles(of: backup).faults
            guard faults.isEmpty else {
                throw ConfigurationError(
                    ([backup.database + " is not whole"] + faults).joined(separator: "\n  "))
            }
        } else {
            progress("the backup is of another version: its files are not checked")
        }
        let report = try await Database.restore(backup.database, to: configuration(live)) { place in
            // Another restore may have been here meanwhile; from now on there is none.
            try checkIsFree(live)
            do {
                progress("copying files")
                try copyFiles(backup.files, to: live.files)
                try copyClock(backup, to: live)
                progress("copying and checking the database")
                // Last: without it no service can have started on half of the files.
                return try place()
            } catch {
                if !exists(live.database) {
                    live.files.remove()
                    _ = unsafe unlink(live.clock)
                }
                throw error
            }
        }
        return Summary(report: report, files: try count(live.files))
    }

    private func checkIsFree(_ live: StoredData) throws {
        guard !exists(live.database) else {
            throw ConfigurationError(
                "\(live.database) exists; a backup is put back where nothing is")
        }
        guard try live.files.isEmpty else {
            throw ConfigurationError(
                "there are files in \(live.attachments); a backup is put back where nothing is")
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
