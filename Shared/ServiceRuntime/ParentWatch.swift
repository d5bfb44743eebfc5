import Dispatch
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

/// Ends the service when standard input closes: its supervisor is gone, however it went.
struct ParentWatch: Service {
    func run() async throws {
        let (closed, end) = AsyncStream.makeStream(of: Void.self)
        // A blocking read, because sources of libdispatch on Linux crash now and then when their pipe ends.
        DispatchQueue(label: "parent-watch").async {
            var buffer = [UInt8](repeating: 0, count: 256)
            while true {
                let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EAGAIN {
                    // Whoever shares the other end's settings made it non-blocking.
                    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                    _ = unsafe poll(&descriptor, 1, -1)
                } else if count == 0 || (count < 0 && errno != EINTR) {
                    break
                }
            }
            end.finish()
        }
        for await _ in closed.cancelOnGracefulShutdown() {}
    }
}

/// Writes one line to a file descriptor, without the buffering of `print`.
func writeLine(_ line: String, to descriptor: Int32) {
    var bytes = Array(line.utf8)
    bytes.append(UInt8(ascii: "\n"))
    var start = 0
    while start < bytes.count {
        let written = unsafe bytes[start...].withUnsafeBytes {
            unsafe write(descriptor, $0.baseAddress, $0.count)
        }
        guard written > 0 else { return }
        start += written
    }
}
