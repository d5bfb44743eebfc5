import Foundation
import Glibc
import Synchronization

/// Receives the browser that an identity provider sends back: HTTP on a free port of 127.0.0.1, for one login
/// (RFC 8252, 7.3).
final class LoopbackListener: Sendable {
    private let descriptor: Int32
    private let port: Int
    private let isCancelled = Mutex(false)

    /// Listens from now on; closed when the last reference goes.
    init() throws(SocketFault) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketFault("no socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard listens else {
            let fault = SocketFault("no listener on 127.0.0.1")
            close(descriptor)
            throw fault
        }
    }

    deinit { close(descriptor) }

    /// Where the browser is to come back.
    var callback: String { "http://127.0.0.1:\(port)/callback" }

    /// Answers the browser until it brings a ticket or a code for that state.
    /// - Parameter name: "ticket" or "code".
    /// - Throws: when none came within the limit, or the task was cancelled.
    func proof(
        _ name: String, state: String, within limit: Duration
    ) async throws -> String {
        let end = ContinuousClock.now + limit
        return try await withTaskCancellationHandler {
            try await offThread { [self] in
                while !isCancelled.withLock({ $0 }) {
                    guard ContinuousClock.now < end else {
                        throw SocketFault(plainly: "no login came back from the browser")
                    }
                    if let proof = try next(name, state: state) { return proof }
                }
                throw CancellationError()
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
    }

    /// One visit, if there is one within a fifth of a second; the ticket or code, if it brings it.
    private func next(_ name: String, state: String) throws -> String? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 200) > 0 else { return nil }
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        let visitor = BlockingSocket(accepted: accepted)
        guard
            let head = try? visitor.receive(until: { bytes in
                bytes.count >= 8_192 || bytes.suffix(4) == Array("\r\n\r\n".utf8)[...]
            })
        else { return nil }
        let proof = Self.proof(
            name, head: String(decoding: head, as: UTF8.self), state: state)
        let (status, text) =
            proof == nil
            ? ("404 Not Found", "登录状态不正确，请返回命令行重新登录。")
            : ("200 OK", "登录成功，请返回命令行，此页可以关闭。")
        let page = "<!doctype html><meta charset=\"utf-8\"><title>职称申报</title><p>\(text)</p>"
        try? visitor.send(
            "HTTP/1.1 \(status)\r\nContent-Type: text/html; charset=utf-8\r\n"
                + "Content-Length: \(page.utf8.count)\r\nCache-Control: no-store\r\n"
                + "Connection: close\r\n\r\n\(page)")
        return proof
    }

    /// The ticket or code of a request for `/callback` with the right state; a browser's other requests have none.
    static func proof(_ name: String, head: String, state: String) -> String? {
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count == 3, words[0] == "GET",
            let parts = URLComponents(string: String(words[1])), parts.path == "/callback",
            parts.queryItems?.first(where: { $0.name == "state" })?.value == state
        else { return nil }
        return parts.queryItems?.first { $0.name == name }?.value
    }
}
