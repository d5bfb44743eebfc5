package import Domain

#if canImport(Glibc)
    import Glibc
#endif

/// Where a service keeps how far its development clock is from the machine's, so that after a new start its time goes on as the other
/// services' did meanwhile, and never back.
package struct DevelopmentClockFile: Sendable {
    /// The most bytes of the file: a number of milliseconds.
    private static let mostBytes = 20

    private let path: String
    private let machine: any WallClock

    /// - Parameters:
    ///   - path: it stands beside the database.
    ///   - machine: the clock of the machine, which goes on while the service does not run.
    package init(path: String, machine: any WallClock = SystemWallClock()) {
        self.path = path
        self.machine = machine
    }

    /// Moves a clock that has just been started on to where it would be by now, had it never stopped; one that is later stays. Keeps it.
    /// - Throws: when the file cannot be written.
    package func resume(_ clock: DevelopmentClock) throws(ConfigurationError) {
        if let ahead = kept() {
            let (time, overflow) = machine.now().milliseconds.addingReportingOverflow(ahead)
            let left = time.subtractingReportingOverflow(clock.now().milliseconds)
            // A file that somebody else wrote is not believed beyond what a clock can be moved.
            if !overflow, !left.overflow, (0...Self.mostMilliseconds).contains(left.partialValue) {
                clock.advance(by: .milliseconds(left.partialValue))
            }
        }
        try keep(clock)
    }

    private static let mostMilliseconds: Int64 = 100 * 366 * 86_400_000

    /// Keeps where the clock is now.
    /// - Throws: when the file cannot be written.
    package func keep(_ clock: DevelopmentClock) throws(ConfigurationError) {
        try keep("\(clock.now().milliseconds - machine.now().milliseconds)")
    }

    /// Keeps the same beside another database, for a backup.
    /// - Throws: when that file cannot be written.
    func copy(to path: String) throws(ConfigurationError) {
        guard let ahead = kept() else { return }
        try DevelopmentClockFile(path: path, machine: machine).keep("\(ahead)")
    }

    private func keep(_ text: String) throws(ConfigurationError) {
        let new = path + ".new"
        let descriptor = unsafe open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable() }
        let bytes = Array(text.utf8)
        let isWritten = unsafe write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        guard isWritten, unsafe rename(new, path) == 0 else { throw unwritable() }
    }

    private func kept() -> Int64? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.mostBytes)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        return Int64(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self))
    }

    private func unwritable() -> ConfigurationError {
        ConfigurationError(
            "the development clock cannot be kept in \(path): \(unsafe String(cString: strerror(errno)))"
        )
    }
}
