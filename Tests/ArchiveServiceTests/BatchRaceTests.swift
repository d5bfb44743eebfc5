import Logging
import Messages
import RPC
import RPCTransport
import ServiceStubs
import Testing

@testable import ArchiveService

/// 200 officers, each over a connection of their own, choose overlapping parts of 200 rows at once: each row is decided once,
/// and everybody is told the truth about every row (A5).
@Suite(.timeLimit(.minutes(2))) struct BatchRaceTests {
    private static let officers = (0..<200).map { n in
        User(
            personID: "batch-officer-\(n)", name: "经办\(n)", role: .unitReviewer,
            unitID: "school", personKey: [200, UInt8(n)])
    }

    /// 100 rows each, one further on than the neighbour's; every other officer's from the end.
    private static func part(_ n: Int, of items: [Archive.Item]) -> [Archive.Item] {
        let part = (0..<100).map { items[($0 + n) % items.count] }
        return n.isMultiple(of: 2) ? part : part.reversed()
    }

    /// One officer's batch. A server that has enough to do says so, and is asked again.
    private static func review(
        _ items: [Archive.Item], _ outcome: Common.Outcome, _ client: Tasks.TaskSourceClient
    ) async throws -> [Tasks.BatchRow] {
        var options = CallOptions()
        options.idempotencyKey = .random()
        options.timeout = .seconds(60)
        let request = Tasks.DecideBatchRequest(
            tasks: items.map { Tasks.BatchTask(taskID: $0.taskID, expectedVersion: $0.version) },
            outcome: outcome, opinion: "情况属实")
        while true {
            do throws(RPCError) {
                return try await client.decideBatch(request, options: options).rows
            } catch {
                guard error.verdict == .notExecuted else { throw error }
                try await Task.sleep(for: error.retryAfter ?? .milliseconds(20))
            }
        }
    }

    @Test func overlappingBatchesDecideEveryRowOnce() async throws {
        let harness = try Harness()
        let items = try await withThrowingTaskGroup(of: Archive.Item.self) { group in
            for n in 0..<200 {
                group.addTask(priority: .background) {
                    try await harness.reviewing(.applicant(n))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var results: [(officer: Int, rows: [Tasks.BatchRow])] = []
        try await harness.serving { port in
            results = try await withThrowingTaskGroup(
                of: (officer: Int, rows: [Tasks.BatchRow]).self
            ) { group in
                for (n, officer) in Self.officers.enumerated() {
                    // Below the tests that count milliseconds.
                    group.addTask(priority: .background) {
                        let rows = try await Self.connected(port) { channel in
                            try await Self.review(
                                Self.part(n, of: items),
                                n.isMultiple(of: 3) ? .returned : .approved,
                                Tasks.TaskSourceClient(harness.channel(officer, over: channel)))
                        }
                        return (n, rows)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        try expectOneDecisionEach(results, items, harness)
        let counts = try await harness.tasks(.school).count(Tasks.CountTasksRequest())
        #expect(counts.pending == 0 && counts.processed == 200)
    }

    private func expectOneDecisionEach(
        _ results: [(officer: Int, rows: [Tasks.BatchRow])], _ items: [Archive.Item],
        _ harness: Harness
    ) throws {
        #expect(results.count == 200)
        var winners: [String: String] = [:]
        for (n, rows) in results {
            #expect(rows.map(\.taskID) == Self.part(n, of: items).map(\.taskID))
            for row in rows where row.state == .done {
                let name = Self.officers[n].name
                #expect(winners.updateValue(name, forKey: row.taskID) == nil)
            }
        }
        #expect(winners.count == 200)
        let others = results.flatMap(\.rows).filter { $0.state != .done }
        #expect(others.count == 200 * 100 - 200)
        let liars = others.filter {
            $0.state != .skipped || $0.decidedByName != winners[$0.taskID]
        }
        #expect(liars.isEmpty)
        #expect(try harness.number("SELECT count(*) FROM item_versions WHERE outcome > 0") == 200)
        #expect(try harness.number("SELECT count(*) FROM flow_steps") == 400)
        let audited = "SELECT count(*) FROM audit WHERE action = 'archive.item.decide'"
        #expect(try harness.number(audited) == 200)
    }

    /// A connection of one's own.
    private static func connected<Result: Sendable>(
        _ port: Int, _ body: (TCPChannel) async throws -> Result
    ) async throws -> Result {
        var configuration = ChannelConfiguration(peerName: "a-portal/1@0.1")
        configuration.limits.handshake = .seconds(60)
        let channel = TCPChannel(
            host: "127.0.0.1", port: port, configuration: configuration,
            logger: Logger(label: "officer") { _ in SwiftLogNoOpLogHandler() })
        do {
            let result = try await body(channel)
            await channel.close()
            return result
        } catch {
            await channel.close()
            throw error
        }
    }
}
