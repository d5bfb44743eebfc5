/// How a service's process ends, after sysexits.h. The supervisor reads it: 78 is not started again.
package enum ServiceExit: Int32, Sendable {
    /// Stopped as asked.
    case stopped = 0
    /// A defect, or an error that a new start may mend.
    case failed = 70
    /// Something is in the way for now: the database is still held by another process.
    case unavailable = 75
    /// The configuration must change first: flags, key files, a taken port, a foreign or unwritable database file.
    case configuration = 78
}
