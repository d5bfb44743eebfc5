/// An http(s) address without user, query and fragment: a provider's base, or a callback.
struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The longest address that is looked at, in bytes.
    static let longest = 2_048

    let isSecure: Bool
    /// Lower case; an IPv6 address in its brackets.
    let host: String
    /// Nil when it is the scheme's own.
    let port: Int?
    /// "" or "/…", as written.
    let path: String

    /// Nil when the text is no such address.
    init?(_ text: String) {
        guard text.utf8.count <= Self.longest,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.forbidden.contains($0) })
        else { return nil }
        var rest = text[...]
        if rest.lowercased().hasPrefix("https://") {
            isSecure = true
        } else if rest.lowercased().hasPrefix("http://") {
            isSecure = false
        } else {
            return nil
        }
        rest = rest.dropFirst(isSecure ? 8 : 7)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        path = String(rest[end...])
        var authority = rest[..<end].lowercased()
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0
            else { return nil }
            port = Int(number)
            authority = String(authority[..<colon])
        } else {
            port = nil
        }
        guard Self.isHost(authority) else { return nil }
        host = authority
    }

    private static let forbidden: Set<UInt8> = Set("?#@\\<>\"{}|^`".utf8)

    private static func isHost(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        if text.hasPrefix("["), text.hasSuffix("]") {
            return text.dropFirst().dropLast().allSatisfy { $0.isHexDigit || ":.".contains($0) }
        }
        return text.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || "-.".contains($0) }
    }

    var isLoopback: Bool { ["127.0.0.1", "localhost", "[::1]"].contains(host) }

    /// The port to connect to.
    var effectivePort: Int { port ?? (isSecure ? 443 : 80) }

    var description: String {
        "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")\(path)"
    }
}

/// The addresses that a browser may be sent back to.
struct CallbackList: Sendable {
    /// The longest callback, in bytes: it travels within the login's state.
    static let longest = 256

    private let allowed: [HTTPAddress]

    init(_ allowed: [HTTPAddress]) {
        self.allowed = allowed
    }

    /// Whether scheme, host, port and path are on the list. On loopback any port is, as a listener
    /// there takes a free one (RFC 8252, 7.3).
    func allows(_ text: String) -> Bool {
        guard text.utf8.count <= Self.longest, let asked = HTTPAddress(text) else { return false }
        return allowed.contains { callback in
            callback.isSecure == asked.isSecure && callback.host == asked.host
                && callback.path == asked.path
                && (callback.isLoopback || callback.effectivePort == asked.effectivePort)
        }
    }
}
