import Dispatch
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#endif

/// Ends the simulator when standard input closes: its supervisor is gone.
struct ParentWatch: Service {
    func run() async throws {
        let (closed, end) = AsyncStream.makeStream(of: Void.self)
        let source = DispatchSource.makeReadSource(
            fileDescriptor: STDIN_FILENO, queue: DispatchQueue(label: "parent-watch"))
        source.setEventHandler {
            var buffer = [UInt8](repeating: 0, count: 256)
            if read(STDIN_FILENO, &buffer, buffer.count) <= 0 { end.finish() }
        }
        source.resume()
        defer { source.cancel() }
        for await _ in closed.cancelOnGracefulShutdown() {}
    }
}

/// Writes one line at once, without the buffering of `print`.
func writeLine(_ line: String, to descriptor: Int32) {
    let bytes = Array((line + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
}
