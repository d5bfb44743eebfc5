import ArgumentParser
import Foundation
import ZhichengClient

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask every service whether it is ready, and what it depends on.",
        discussion: """
            With --service only those are asked. Ends with 3 unless all that were asked are ready; \
            one that does not answer within 2 s is shown as dead.
            """)

    @OptionGroup var connection: ConnectionOptions

    private struct State: Encodable {
        let service: String
        let address: String
        let ready: Bool
        let version: String
        let message: String
        let dependencies: [Part]

        struct Part: Encodable {
            let name: String
            let ready: Bool
            let message: String
        }
    }

    func run() async throws {
        let endpoints = try connection.endpoints()
        let named = try connection.namedServices().map(\.name)
        let asked = named.isEmpty ? ServiceName.allCases : named
        let states = try await connection.withPlatform { client in
            await withTaskGroup(of: (Int, State).self) { group in
                for (index, name) in asked.enumerated() {
                    group.addTask { (index, await Self.ask(client, name, endpoints[name])) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        try show(states)
        let dead = states.filter { !$0.ready }.map(\.service)
        guard dead.isEmpty else {
            throw CommandFailure(.unreachable, "not ready: \(dead.joined(separator: ", "))")
        }
    }

    private static func ask(
        _ client: PlatformClient, _ name: ServiceName, _ address: ServiceAddress
    ) async -> State {
        var options = CallOptions()
        options.timeout = .seconds(2)
        do {
            let reply = try await client.health(of: name).check(
                Wire.HealthRequest(), options: options)
            // Another service at this address is as wrong as none.
            let isItself = reply.service == name.rawValue
            return State(
                service: name.rawValue, address: "\(address)", ready: reply.ready && isItself,
                version: reply.version,
                message: isItself ? "" : "\(reply.service) answers at this address",
                dependencies: reply.dependencies.map {
                    State.Part(name: $0.name, ready: $0.ready, message: $0.message)
                })
        } catch {
            return State(
                service: name.rawValue, address: "\(address)", ready: false, version: "",
                message: error.message, dependencies: [])
        }
    }

    private func show(_ states: [State]) throws {
        guard connection.output == .table else { return try Output.json(states) }
        var table = Table(["service", "address", "state", "version", "depends on"])
        for state in states {
            let parts = state.dependencies.map { part in
                part.ready ? part.name : "\(part.name) (not ready: \(part.message))"
            }
            table.rows.append([
                state.service, state.address, state.ready ? "ready" : "dead", state.version,
                state.message.isEmpty ? parts.joined(separator: ", ") : state.message,
            ])
        }
        Output.table(table)
    }
}
