/// What went wrong below a command or a read. The message names things and counts, never an
/// argument's value.
package struct StorageError: Error, Sendable, CustomStringConvertible {
    /// What may be done about it.
    package enum Code: Sendable, Hashable {
        /// Nothing was changed, and the same call may be repeated.
        case notApplied(NotApplied)
        /// Another process, or another part of this one, has the database open.
        case inUse
        /// The file is no SQLite database.
        case notADatabase
        /// The file is a database of somebody else.
        case foreign
        /// The file or its folder cannot be written, read or made.
        case unwritable
        /// The target of a backup exists.
        case exists
        /// The database was migrated by a newer program.
        case newerDatabase
        /// An applied migration is not the one that this program has.
        case migrationChanged
        /// A migration failed; the database is as before it.
        case migrationFailed
        /// SQLite did not take a required setting.
        case settings
        /// A constraint of the schema refused the command: a rule that `decide` forgot.
        case constraint
        /// SQL that does not fit the schema or the rules of `Statement`.
        case statement
        /// An argument that cannot be stored, or is too large.
        case argument
        case noSuchColumn
        case typeMismatch
        /// Something stored is not what was written.
        case damaged
        /// Reading or writing failed below SQLite.
        case io
        /// Whether the write was applied is not known; only a test's `fatal` hook lets this be
        /// seen.
        case unknown
    }

    /// Why nothing was changed.
    package enum NotApplied: Sendable, Hashable {
        /// As many commands wait as may wait.
        case queueFull
        /// The disk is full, or nearly.
        case diskFull
        /// The task was cancelled before the writer took the command.
        case cancelled
        /// The database is closed.
        case closed
        /// The group was undone because of another of its commands.
        case rolledBack
        /// No reader became free in time.
        case busy
        /// The read took longer than it may.
        case interrupted
        case outOfMemory
    }

    package let code: Code
    /// For an operator or a log.
    package let message: String
    /// SQLite's extended result code, when SQLite found it.
    package let resultCode: Int32?

    init(_ code: Code, _ message: String, resultCode: Int32? = nil) {
        self.code = code
        self.message = message
        self.resultCode = resultCode
    }

    /// Whether the same database may do better when it is opened again.
    package var mayPass: Bool {
        switch code {
        case .notApplied, .io, .unknown: true
        default: false
        }
    }

    /// Nothing was changed: the caller may repeat the same call.
    package var isNotApplied: Bool {
        if case .notApplied = code { true } else { false }
    }

    /// Somebody else has the database open.
    package var isInUse: Bool { code == .inUse }

    package var description: String {
        if let resultCode { "\(message) (SQLite \(resultCode))" } else { message }
    }
}

extension StorageError {
    static func notApplied(_ reason: NotApplied) -> StorageError {
        let why =
            switch reason {
            case .queueFull: "too many commands wait"
            case .diskFull: "the disk is full"
            case .cancelled: "the command was cancelled before it began"
            case .closed: "the database is closed"
            case .rolledBack: "the group of commands was undone"
            case .busy: "no reader became free in time"
            case .interrupted: "the read took too long"
            case .outOfMemory: "no memory was left"
            }
        return StorageError(.notApplied(reason), "not applied: \(why)")
    }
}
