import ArgumentParser
import Foundation
import RPCTransport
import ZhichengClient

/// How a command shows what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table, json
}

/// The flags of every command that calls the platform.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: """
            Where a service is, NAME=HOST:PORT. May be given several times. \
            Environment: ZHICHENG_SERVICE, separated by commas. Default: where `zhicheng dev` has it.
            """)
    var service: [String] = []

    @Option(
        help: """
            Port of identity-service on this machine; the others follow it. \
            Environment: ZHICHENG_PORT. Default: 7001.
            """)
    var port: Int?

    @Option(
        help: """
            Certificate of the deployment's authority, ca.pem. \
            Environment: ZHICHENG_CA. Default: data/certificates/ca.pem, where `zhicheng dev` has it.
            """)
    var ca: String?

    @Option(help: "How long one call may take, in seconds.")
    var timeout = 10.0

    @Flag(
        help: """
            Say the trace id of this command's calls on standard error; every service then logs each \
            of them.
            """)
    var trace = false

    @Option(name: [.short, .long], help: "How to show the result: table, json.")
    var output = OutputFormat.table

    func validate() throws {
        guard timeout > 0, timeout <= 3_600 else {
            throw ValidationError("--timeout is a number of seconds, more than 0 and at most 3600")
        }
    }

    /// The services that flags or environment name, in their order; empty when they name none.
    func namedServices() throws(CommandFailure) -> [(name: ServiceName, address: ServiceAddress)] {
        let texts =
            service.isEmpty
            ? (environment["ZHICHENG_SERVICE"] ?? "").split(separator: ",").map(String.init)
            : service
        var named: [(ServiceName, ServiceAddress)] = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let address = ServiceAddress(parts[1]) else {
                throw CommandFailure(.usage, "“\(text)” is not of the form NAME=HOST:PORT")
            }
            guard let name = ServiceName(rawValue: parts[0]) else {
                let all = ServiceName.allCases.map(\.rawValue).joined(separator: ", ")
                throw CommandFailure(.usage, "there is no service “\(parts[0])”; there are \(all)")
            }
            named.append((name, address))
        }
        return named
    }

    /// Where the services are: flags, then environment, then the ports of `zhicheng dev`.
    func endpoints() throws(CommandFailure) -> ServiceEndpoints {
        let text = port.map(String.init) ?? environment["ZHICHENG_PORT"] ?? "7001"
        guard let base = Int(text), (1...65_000).contains(base) else {
            throw CommandFailure(.usage, "“\(text)” is no port; it is a number from 1 to 65000")
        }
        var endpoints = ServiceEndpoints(basePort: base)
        for (name, address) in try namedServices() { endpoints[name] = address }
        return endpoints
    }

    /// Lends a client of the platform; what goes wrong in its calls ends the command with the right exit code.
    /// - Parameters:
    ///   - session: of the user on whose behalf it calls; nil for none.
    ///   - operatorFolder: of the operator's certificate, for operators.
    ///   - retries: when a failed call is sent again.
    func withPlatform<Value: Sendable>(
        session: [UInt8]? = nil, operatorFolder: String? = nil,
        retries: RetryPolicy = RetryPolicy(), _ body: (PlatformClient) async throws -> Value
    ) async throws -> Value {
        let endpoints = try endpoints()
        var configuration = ClientConfiguration(
            credentials: try credentials(operatorFolder), endpoints: endpoints,
            peerName: "zhicheng/\(ProcessInfo.processInfo.processIdentifier)@0.1.0",
            timeout: .milliseconds(Int64(timeout * 1_000)), retries: retries)
        if trace {
            let trace = TraceContext.start(isSampled: true)
            Output.note("trace \(trace.traceID)")
            configuration.interceptors.append(
                CallInterceptor(prepare: { call throws(RPCError) in call.options.trace = trace }))
        }
        do {
            return try await withClient(configuration) { client in
                try await body(session.map { client.signedIn($0) } ?? client)
            }
        } catch let error as RPCError {
            throw CommandFailure(error, endpoints: endpoints)
        }
    }

    private func credentials(_ operatorFolder: String?) throws(CommandFailure) -> TLSCredentials {
        try usable { () throws(TransportError) in
            if let operatorFolder { return try TLSCredentials(folder: operatorFolder) }
            return try TLSCredentials(
                authorityFile: ca ?? environment["ZHICHENG_CA"]
                    ?? DeploymentCertificates.standard.authority)
        }
    }

    private var environment: [String: String] { ProcessInfo.processInfo.environment }
}
