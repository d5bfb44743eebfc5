import Attachments
import Logging
package import Storage

/// The attached files whose hashes begin with the same byte: what is swept at a time, so that a sweep holds up nobody.
package struct AttachmentPart: Sendable, Hashable {
    let first: UInt8

    package init(_ first: UInt8) { self.first = first }

    package func contains(_ file: [UInt8]) -> Bool { file.first == first }

    /// What refers to files could not be read whole: then none of them may be removed.
    package struct TooManyRows: Error {
        package init() {}
    }

    /// The hashes of this part in a table's column.
    /// - Throws: `TooManyRows`.
    package func hashes(
        in table: String, _ column: String, _ rows: any RowReader
    ) throws -> [[UInt8]] {
        var condition = "\(column) >= ?"
        var bounds: [Value] = [.blob([first])]
        if first < .max {
            condition += " AND \(column) < ?"
            bounds.append(.blob([first + 1]))
        }
        let found = try rows.rows(
            Statement("SELECT \(column) AS hash FROM \(table) WHERE \(condition)", bounds),
            limit: Self.mostRows + 1)
        guard found.count <= Self.mostRows else { throw TooManyRows() }
        return try found.map { try $0.blob("hash") }
    }

    /// A service has at most 256 times as many files.
    private static let mostRows = 1_000_000
}

/// The hashes of all files of the part that a service's rows refer to.
package typealias FileReferences =
    @Sendable (AttachmentPart, any RowReader) throws -> [[UInt8]]

extension ServiceEnvironment {
    /// Removes, once at the start and once each day, attached files that no row refers to: of uploads that were refused or
    /// broke off, of drafts that are gone.
    /// - Parameters:
    ///   - grace: younger files stay, by the machine's clock.
    ///   - interval: how often the service's clock is looked at.
    package func attachmentSweep(
        grace: Duration = .seconds(86_400), interval: Duration = .seconds(60),
        referred: @escaping FileReferences
    ) -> DailyWork {
        let (attachments, database, logger) = (self.attachments, self.database, self.logger)
        return DailyWork(
            "sweeping attachments", clock: clock, interval: interval, logger: logger
        ) { _ in
            var removed = 0
            for first in UInt8.min...UInt8.max {
                try Task.checkCancellation()
                // A slow disk holds up nobody else.
                removed += try await withTaskExecutorPreference(attachments.executor) {
                    let kept = try database.read { rows in
                        Set(try referred(AttachmentPart(first), rows))
                    }
                    return try attachments.sweep(first, grace: grace, keeping: kept)
                }
            }
            if removed > 0 {
                logger.notice(
                    "attached files that nothing refers to are removed",
                    metadata: ["files": "\(removed)"])
            }
        }
    }
}
