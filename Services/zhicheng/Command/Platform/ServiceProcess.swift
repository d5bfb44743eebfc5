import Foundation
import Supervisor
import ZhichengClient

#if canImport(Glibc)
    import Glibc
#endif

/// One of the executables that make up the platform.
struct ServiceProcess {
    let name: ServiceName
    /// Its database's name in the platform's folder.
    let database: String
    /// The services that it calls.
    let peers: [ServiceName]

    /// Every service, in the order in which it is listed.
    static let all: [ServiceProcess] = [
        ServiceProcess(
            name: .identity, database: "identity", peers: [.archive, .declaration, .tasks]),
        ServiceProcess(name: .archive, database: "archive", peers: [.identity, .tasks]),
        ServiceProcess(
            name: .declaration, database: "declaration",
            peers: [.identity, .archive, .quota, .tasks]),
        ServiceProcess(name: .quota, database: "quota", peers: [.identity, .tasks]),
        ServiceProcess(
            name: .tasks, database: "tasks", peers: [.identity, .archive, .declaration]),
    ]

    /// Whoever sends before whoever receives: a message of which the backup has the sending and the effect does nothing a second
    /// time, one of which it had neither would be lost.
    static var sendersFirst: [ServiceProcess] {
        let order: [ServiceName] = [.identity, .declaration, .archive, .quota, .tasks]
        return order.compactMap { name in all.first { $0.name == name } }
    }

    static let simulator = "sso-simulator"
    /// How the simulator knows this platform; it guards nothing but demonstration units.
    static let simulatorClient = "zhicheng"
    static let simulatorSecret = "development-only-and-no-secret-at-all"
    /// How the simulator's ID tokens name it.
    static let simulatorIssuer = "https://minzhengtong.simulator.example"
}

/// A platform on this machine: its folder, its addresses, its clock.
struct LocalPlatform {
    let folder: PlatformFolder
    let endpoints: ServiceEndpoints
    let simulatorPort: Int
    /// As `--development-clock` takes it.
    let clock: String
    let logLevel: String

    /// The names of all processes.
    static var names: [String] {
        ServiceProcess.all.map(\.name.rawValue) + [ServiceProcess.simulator]
    }

    var simulatorAddress: String { "http://127.0.0.1:\(simulatorPort)" }

    /// What the supervisor is to run.
    /// - Throws: when an executable is not beside this one.
    func children() throws(CommandFailure) -> [ChildSpecification] {
        var children: [ChildSpecification] = []
        for process in ServiceProcess.all {
            var arguments = [
                "--listen", "\(endpoints[process.name])",
                "--database", folder.database(process.database),
                "--certificates", folder.certificates.folder(of: process.name.rawValue),
                "--field-keys", folder.keys.fields,
                "--development-clock", clock, "--log-level", logLevel, "--exit-with-parent",
            ]
            for peer in process.peers {
                arguments += ["--peer", "\(peer.rawValue)=\(endpoints[peer])"]
            }
            if process.name == .identity {
                arguments += [
                    "--set", "sso-address=\(simulatorAddress)",
                    "--set", "sso-client-id=\(ServiceProcess.simulatorClient)",
                    "--set", "sso-secret=\(ServiceProcess.simulatorSecret)",
                    "--set", "sso-oidc-issuer=\(ServiceProcess.simulatorIssuer)",
                ]
            }
            children.append(
                ChildSpecification(
                    name: process.name.rawValue,
                    executable: try Self.executable(process.name.rawValue), arguments: arguments))
        }
        children.append(
            ChildSpecification(
                name: ServiceProcess.simulator,
                executable: try Self.executable(ServiceProcess.simulator),
                arguments: [
                    "--listen", "127.0.0.1:\(simulatorPort)", "--client",
                    "\(ServiceProcess.simulatorClient)=\(ServiceProcess.simulatorSecret)",
                    "--issuer", ServiceProcess.simulatorIssuer,
                    "--exit-with-parent",
                ]))
        return children
    }

    /// Every port of the platform, with who takes it.
    private var ports: [(name: String, port: Int)] {
        ServiceProcess.all.map { ($0.name.rawValue, endpoints[$0.name].port) }
            + [(ServiceProcess.simulator, simulatorPort)]
    }

    /// - Throws: when somebody listens on one of the ports already.
    func checkPorts() throws(CommandFailure) {
        for (name, port) in ports where !isFree(port) {
            throw CommandFailure(
                .usage,
                "port \(port) for \(name) is taken; choose others with --port, for example"
                    + " --port \(endpoints[.identity].port + 100)")
        }
    }

    /// The path of an executable beside this one.
    static func executable(_ name: String) throws(CommandFailure) -> String {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
        let path =
            URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw CommandFailure(
                .usage, "\(name) is not beside zhicheng; build everything: swift build")
        }
        return path
    }
}

/// Whether nobody listens on that port of 127.0.0.1.
private func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    // As the services do: a port whose connections are only just over is free.
    var yes: Int32 = 1
    setsockopt(
        descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
