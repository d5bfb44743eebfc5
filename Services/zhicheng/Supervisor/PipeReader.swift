import Dispatch
import Glibc
import Synchronization

/// Reads lines from a pipe until its end, and closes it.
enum PipeReader {
    /// - Parameters:
    ///   - descriptor: a pipe's reading end; owned from now on.
    ///   - open: entered until the pipe's end was seen.
    ///   - onLine: called in order, on a queue of this pipe's own.
    static func start(
        _ descriptor: Int32, open: DispatchGroup, onLine: @escaping @Sendable (String) -> Void
    ) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let lines = Lines()
        let source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "child-output"))
        open.enter()
        source.setEventHandler {
            if !lines.read(descriptor, onLine) { source.cancel() }
        }
        source.setCancelHandler {
            close(descriptor)
            open.leave()
        }
        source.resume()
    }

    /// The unfinished line; used on one queue only, the lock says so to the compiler.
    private final class Lines: Sendable {
        private let buffer = Mutex(LineBuffer())

        /// Reads what is there; false at the pipe's end.
        func read(_ descriptor: Int32, _ onLine: (String) -> Void) -> Bool {
            var bytes = [UInt8](repeating: 0, count: 16_384)
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count > 0 {
                let complete = buffer.withLock { $0.append(bytes[..<count]) }
                complete.forEach(onLine)
                return true
            }
            if count < 0, errno == EAGAIN || errno == EINTR { return true }
            if let rest = buffer.withLock({ $0.finish() }) { onLine(rest) }
            return false
        }
    }
}
