import Foundation
import Glibc

/// A failed call of the operating system.
struct SocketFault: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, code: Int32 = errno) {
        description = "\(what): \(String(cString: strerror(code)))"
    }

    init(plainly description: String) { self.description = description }
}

/// A TCP connection that blocks, on loopback, with time limits. Used off the cooperative threads (``offThread(_:)``).
struct BlockingSocket: ~Copyable {
    /// The most bytes that are read of one request or answer.
    static let mostBytes = 256 << 10
    /// How many seconds each read and write may take, unless told otherwise.
    static let usualSeconds = 5

    private let descriptor: Int32

    /// Takes over an accepted connection.
    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        limitWaiting(to: Self.usualSeconds)
    }

    /// Connects to a host by name or address.
    /// - Parameter seconds: how long each read and write may take.
    init(host: String, port: Int, seconds: Int = usualSeconds) throws(SocketFault) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let first = found else {
            throw SocketFault(plainly: "\(host) is not known")
        }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        var fault = SocketFault(plainly: "\(host) has no address")
        while let candidate = next?.pointee {
            let attempt = socket(candidate.ai_family, candidate.ai_socktype, 0)
            if attempt >= 0 {
                if connect(attempt, candidate.ai_addr, candidate.ai_addrlen) == 0 {
                    descriptor = attempt
                    limitWaiting(to: seconds)
                    return
                }
                fault = SocketFault("\(host):\(port)")
                close(attempt)
            }
            next = candidate.ai_next
        }
        throw fault
    }

    deinit { close(descriptor) }

    private func limitWaiting(to seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    func send(_ text: String) throws(SocketFault) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SocketFault("sending") }
            start += count
        }
    }

    /// Reads until `isComplete` says so, the other side ends, or ``mostBytes`` are there.
    func receive(until isComplete: ([UInt8]) -> Bool) throws(SocketFault) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while received.count < Self.mostBytes, !isComplete(received) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { break }
            guard count > 0 else { throw SocketFault("reading") }
            received += buffer[..<count]
        }
        return received
    }
}

/// Runs what blocks on a thread of its own, so that no cooperative thread waits for it, nor it for what else blocks.
func offThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try body() })
        }
    }
}
