import Domain
import Logging
import Messages
import ServiceRuntime
import Storage
import Synchronization
import TestSupport
import Testing

/// The outbox on a real database: order in a lane, repeats after a failure, nothing after an answer.
@Suite("Outbox relay", .timeLimit(.minutes(1)))
struct OutboxRelayTests {
    @Test("Each lane in its order, a failed message again, lanes side by side")
    func lanes() async throws {
        let test = try TestEnvironment(
            name: "relay-test", migrations: [], clockStart: "2022-04-19T09:00+08:00")
        let database = test.environment.database
        for number in 1...3 {
            for lane in ["a", "b"] {
                _ = try await database.performOnce(Send(lane: lane, number: UInt8(number)))
            }
        }
        let seen = Mutex<[String: [UInt8]]>([:])
        let (delivered, mark) = AsyncStream.makeStream(of: Void.self)
        let attempts = Mutex<Int>(0)
        var backoff = OutboxRelay.Backoff()
        backoff.first = .milliseconds(1)
        let relay = OutboxRelay(
            database: database,
            deliver: [
                "there": { message in
                    // The first message of lane b fails twice.
                    if message.lane == "b", message.payload == [1],
                        attempts.withLock({
                            $0 += 1
                            return $0 <= 2
                        })
                    {
                        throw NotYet()
                    }
                    seen.withLock { $0[message.lane, default: []] += message.payload }
                    mark.yield()
                }
            ], logger: test.environment.logger, backoff: backoff)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await relay.run() }
            var count = 0
            for await _ in delivered {
                count += 1
                if count == 6 { break }
            }
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
        #expect(seen.withLock { $0 } == ["a": [1, 2, 3], "b": [1, 2, 3]])
        #expect(attempts.withLock { $0 } == 3)
    }

    /// A read that was too long, or found no reader free, is of that moment: the relay looks again, and lives.
    @Test func aFailedReadIsNotTheEnd() async throws {
        let test = try TestEnvironment(
            name: "relay-test", migrations: [], clockStart: "2022-04-19T09:00+08:00")
        var configuration = DatabaseConfiguration(
            path: test.databasePath + ".slow", owner: "relay-test", clock: test.clock)
        configuration.readLimitMilliseconds = 0
        let database = try Database.open(configuration, migrations: [])
        defer { database.close() }
        var backoff = OutboxRelay.Backoff()
        backoff.first = .milliseconds(1)
        let relay = OutboxRelay(
            database: database, deliver: ["there": { _ in }], logger: test.environment.logger,
            backoff: backoff)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await relay.run() }
            group.addTask {
                while test.logged.count(where: { $0.contains("looked at again") }) < 3 {
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            // Whichever ends first: the relay does not.
            try await group.next()
            #expect(test.logged.count(where: { $0.contains("looked at again") }) >= 3)
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }
}

private struct NotYet: Error {}

/// Writes one message.
private struct Send: Command {
    let lane: String
    let number: UInt8

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        Plan(
            messages: [
                OutboxMessage(
                    lane: lane, destination: "there", kind: "test",
                    id: Array(lane.utf8) + [number], payload: [number])
            ], reply: Tasks.DecideReply())
    }
}
