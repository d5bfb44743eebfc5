import Dispatch
import Foundation
import Glibc

/// Reads lines from a pipe until its end, and closes it.
enum PipeReader {
    /// - Parameters:
    ///   - descriptor: a pipe's reading end; owned from now on.
    ///   - open: entered until the pipe's end was seen.
    ///   - onLine: called in order, on a thread of this pipe's own.
    static func start(
        _ descriptor: Int32, open: DispatchGroup, onLine: @escaping @Sendable (String) -> Void
    ) {
        open.enter()
        // A thread, because a dispatch source crashes now and then when its pipe ends: libdispatch
        // on Linux still used the registration that the source's cancellation had freed.
        Thread.detachNewThread {
            var lines = LineBuffer()
            var bytes = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = read(descriptor, &bytes, bytes.count)
                if count > 0 {
                    lines.append(bytes[..<count]).forEach(onLine)
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            if let rest = lines.finish() { onLine(rest) }
            close(descriptor)
            open.leave()
        }
    }
}
