import Dispatch
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

/// Ends the simulator when standard input closes: its supervisor is gone.
struct ParentWatch: Service {
    func run() async throws {
        let (closed, end) = AsyncStream.makeStream(of: Void.self)
        // A blocking read, because sources of libdispatch on Linux crash now and then when their pipe ends.
        DispatchQueue(label: "parent-watch").async {
            var buffer = [UInt8](repeating: 0, count: 256)
            while true {
                let count = read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EAGAIN {
                    // Whoever shares the other end's settings made it non-blocking.
                    var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                    _ = poll(&descriptor, 1, -1)
                } else if count == 0 || (count < 0 && errno != EINTR) {
                    break
                }
            }
            end.finish()
        }
        for await _ in closed.cancelOnGracefulShutdown() {}
    }
}

/// Writes one line at once, without the buffering of `print`.
func writeLine(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
}
