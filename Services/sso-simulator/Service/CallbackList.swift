import Foundation

/// The addresses that the simulator sends browsers back to.
package struct CallbackList: Sendable {
    /// The longest address that is looked at, in bytes.
    package static let mostBytes = 2_048

    private let allowed: [Callback]

    private struct Callback: Sendable, Equatable {
        let scheme: String
        let host: String
        /// Not compared on loopback, where a listener takes any free port (RFC 8252, 7.3).
        let port: Int?
        let path: String

        init?(_ text: String) {
            guard text.utf8.count <= CallbackList.mostBytes,
                let parts = URLComponents(string: text),
                let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
                let host = parts.host?.lowercased(), !host.isEmpty, parts.user == nil,
                parts.password == nil, parts.fragment == nil, parts.query == nil
            else { return nil }
            self.scheme = scheme
            self.host = host
            let isLoopback = ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host)
            port = isLoopback ? nil : parts.port ?? (scheme == "https" ? 443 : 80)
            path = parts.percentEncodedPath
        }
    }

    /// - Parameter addresses: without query and fragment, at least one.
    /// - Throws: an address that is none.
    package init(_ addresses: [String]) throws(SimulatorError) {
        var allowed: [Callback] = []
        for address in addresses {
            guard let callback = Callback(address) else {
                throw SimulatorError(
                    "“\(address)” is no callback: write http(s)://HOST[:PORT]/PATH without a query")
            }
            allowed.append(callback)
        }
        self.allowed = allowed
    }

    /// Whether a browser may be sent to that address: scheme, host, port and path are on the list.
    package func allows(_ address: String) -> Bool {
        guard let callback = Callback(address) else { return false }
        return allowed.contains(callback)
    }

    /// The allowed address with a ticket or a code, and the state, added as its query.
    /// - Parameter name: "ticket" or "code".
    package func location(
        _ redirect: String, _ name: String, _ value: String, state: String
    ) -> String {
        "\(redirect)?\(name)=\(encoded(value))&state=\(encoded(state))"
    }
}

/// Why the simulator cannot start.
package struct SimulatorError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
