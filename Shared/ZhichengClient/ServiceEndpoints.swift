/// The services of the platform that a client calls.
public enum ServiceName: String, Sendable, Hashable, CaseIterable {
    case identity = "identity-service"
    case archive = "archive-service"
    case declaration = "declaration-service"
    case quota = "quota-service"
    case tasks = "task-aggregator"

    /// The port that the service listens on unless a deployment says otherwise.
    public var standardPort: Int {
        switch self {
        case .identity: 7001
        case .archive: 7002
        case .declaration: 7003
        case .quota: 7004
        case .tasks: 7005
        }
    }
}

/// Where a service answers.
public struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without brackets.
    public let host: String
    /// 1 to 65,535.
    public let port: Int

    /// - Parameters:
    ///   - host: a name or an address; an IPv6 address without brackets.
    ///   - port: 1 to 65,535; another number is a programmer's error.
    public init(host: String, port: Int) {
        precondition((1...65_535).contains(port), "port \(port) is not within 1 to 65535")
        self.host = host
        self.port = port
    }

    /// Reads "127.0.0.1:7001", "localhost:7001" or "[::1]:7001"; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard (1...253).contains(host.utf8.count) else { return nil }
        self.init(host: host, port: Int(port))
    }

    /// "127.0.0.1:7001", as it is read.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Where each service answers.
public struct ServiceEndpoints: Sendable, Hashable {
    private var addresses: [ServiceName: ServiceAddress]

    /// Every service on one host, at its standard port moved by as much as `basePort` differs from 7001.
    /// - Parameters:
    ///   - host: a name or an address.
    ///   - basePort: of identity-service; the others follow it. 1 to 65,531.
    public init(host: String = "127.0.0.1", basePort: Int = 7001) {
        let offset = basePort - ServiceName.identity.standardPort
        addresses = [:]
        for name in ServiceName.allCases {
            addresses[name] = ServiceAddress(host: host, port: name.standardPort + offset)
        }
    }

    /// Where that service answers.
    public subscript(name: ServiceName) -> ServiceAddress {
        get {
            guard let address = addresses[name] else {
                preconditionFailure("every service has an address")
            }
            return address
        }
        set { addresses[name] = newValue }
    }
}
