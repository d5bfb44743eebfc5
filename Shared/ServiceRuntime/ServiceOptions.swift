package import ArgumentParser
import Domain
import Logging
import RPCTransport

/// The flags that every service executable has; each service adds none of its own unless it must.
package struct ServiceOptions: ParsableArguments {
    @Option(help: "Address to listen on, HOST:PORT; port 0 takes any free port.")
    package var listen: String

    @Option(help: "This service's own SQLite database file; made when missing.")
    package var database: String

    @Option(
        help: "Folder of this service's certificate and private key (`zhicheng certs` makes it).")
    package var certificates: String

    @Option(help: "Key file for personal data fields, shared by the services of a deployment.")
    package var fieldKeys: String

    @Option(help: "Folder of attachments. Default: beside the database.")
    package var attachments: String?

    @Option(help: "Where another service is, NAME=HOST:PORT. May be given several times.")
    package var peer: [String] = []

    @Option(
        name: .customLong("set"),
        help: "A setting of this service, NAME=VALUE. May be given several times.")
    package var settingTexts: [String] = []

    @Option(
        help: """
            Development only, loopback only: a clock that starts at this time and ticks on; after a \
            new start with the same database it goes on.
            """)
    package var developmentClock: String?

    @Option(help: "How much to log: trace, debug, info, notice, warning, error.")
    package var logLevel: String = "info"

    @Option(
        help:
            "A call that takes so many milliseconds gets a line in the log, although it succeeded.")
    package var slowCalls = 1_000

    @Flag(help: "End when standard input closes, so that no orphan outlives its supervisor.")
    package var exitWithParent = false

    package init() {}
}

/// A host and a port as written on the command line.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    /// 0 to 65,535; 0 = any free port, for listening only.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads "127.0.0.1:7004", "localhost:0" or "[::1]:7004".
    package init(parsing text: String) throws(ConfigurationError) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else {
            throw ConfigurationError("“\(text)” is not an address of the form HOST:PORT")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, host.utf8.count <= 253 else {
            throw ConfigurationError("“\(text)” names no host; write HOST:PORT")
        }
        self.init(host: host, port: Int(port))
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether only this machine can reach the address.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || isLoopbackV4
    }

    /// Whether it is an address 127.x.y.z, and not a name that looks like one.
    private var isLoopbackV4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// What the operator must change before the service can start; ends in exit code 78.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension ServiceOptions {
    /// The address to listen on. Beyond loopback there must be no development clock.
    func listenEndpoint() throws(ConfigurationError) -> Endpoint {
        let endpoint = try Endpoint(parsing: listen)
        guard endpoint.isLoopback || developmentClock == nil else {
            throw ConfigurationError("--development-clock is for loopback addresses only")
        }
        return endpoint
    }

    /// The service's own certificate: a service never listens without TLS.
    /// - Throws: when the files are not what they should be, or are another service's.
    func credentials(of service: String) throws -> TLSCredentials {
        let credentials = try TLSCredentials(folder: certificates)
        guard credentials.name == service else {
            throw ConfigurationError(
                "\(certificates) has the certificate of \(credentials.name ?? "nobody");"
                    + " give \(service)'s own")
        }
        return credentials
    }

    /// The other services by name.
    func peers() throws(ConfigurationError) -> [String: Endpoint] {
        var peers: [String: Endpoint] = [:]
        for text in peer {
            guard let equals = text.firstIndex(of: "=") else {
                throw ConfigurationError("“--peer \(text)” is not of the form NAME=HOST:PORT")
            }
            let name = String(text[..<equals])
            guard peers[name] == nil else {
                throw ConfigurationError("--peer names “\(name)” twice")
            }
            peers[name] = try Endpoint(parsing: String(text[text.index(after: equals)...]))
        }
        return peers
    }

    /// The values of `--set` by name.
    func settings() throws(ConfigurationError) -> [String: String] {
        var settings: [String: String] = [:]
        for text in settingTexts {
            guard let equals = text.firstIndex(of: "=") else {
                throw ConfigurationError("“--set \(text)” is not of the form NAME=VALUE")
            }
            settings[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return settings
    }

    /// From when on a call is slow.
    func slowCall() throws(ConfigurationError) -> Duration {
        guard (1...3_600_000).contains(slowCalls) else {
            throw ConfigurationError("--slow-calls is 1 to 3600000 milliseconds, not \(slowCalls)")
        }
        return .milliseconds(slowCalls)
    }

    /// The level of the log.
    func level() throws(ConfigurationError) -> Logger.Level {
        guard let level = Logger.Level(rawValue: logLevel) else {
            let all = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigurationError("“\(logLevel)” is no log level; it is one of \(all)")
        }
        return level
    }
}
