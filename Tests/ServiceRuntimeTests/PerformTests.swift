import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

/// Idempotency as a handler gets it: key, principal, method, body.
@Suite("Performing a request once", .timeLimit(.minutes(1)))
struct PerformTests {
    private static let migration = Migration(
        number: 1, name: "counter",
        statements: ["CREATE TABLE counts (id TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT"])

    private func context(
        key: IdempotencyKey?, person: String = "p1"
    ) -> RequestContext {
        var context = RequestContext(
            method: Quota.QuotaMethod.saveRecord.method,
            peer: Peer(name: "test/1@1", isAuthenticated: false), deadline: .now + .seconds(5),
            idempotencyKey: key)
        context.attachment = Caller(
            service: nil, session: Identity.Session(personID: person, role: .unitAdministrator))
        return context
    }

    @Test("The same key and body get the same answer, another body is refused")
    func once() async throws {
        let test = try TestEnvironment(
            name: "perform-test", migrations: [Self.migration],
            clockStart: "2022-04-19T09:00+08:00")
        let database = test.environment.database
        let key = IdempotencyKey.random()
        let request = Quota.SaveRecordRequest(year: 2022)
        let first = try await database.perform(
            Increase(id: "x"), for: request, context: context(key: key))
        let again = try await database.perform(
            Increase(id: "x"), for: request, context: context(key: key))
        #expect(first.version == 1)
        #expect(again == first)

        let other = await #expect(throws: RPCError.self) {
            try await database.perform(
                Increase(id: "x"), for: Quota.SaveRecordRequest(year: 2023),
                context: context(key: key))
        }
        #expect(other?.code == .failedPrecondition)
        let somebodyElse = try await database.perform(
            Increase(id: "x"), for: request, context: context(key: key, person: "p2"))
        #expect(somebodyElse.version == 2)
        let noKey = await #expect(throws: RPCError.self) {
            try await database.perform(
                Increase(id: "x"), for: request, context: context(key: nil))
        }
        #expect(noKey?.code == .invalidArgument)
        #expect(noKey?.verdict == .never)
    }
}

/// Counts how often it was really done.
private struct Increase: Command {
    let id: String

    func read(_ rows: any RowReader) throws -> Int64 {
        try rows.row(Statement("SELECT n FROM counts WHERE id = ?", [.text(id)]))?.integer("n") ?? 0
    }

    func decide(_ n: Int64, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        Plan(
            writes: [
                Statement(
                    """
                    INSERT INTO counts (id, n) VALUES (?, ?)
                    ON CONFLICT (id) DO UPDATE SET n = excluded.n
                    """, [.text(id), .integer(n + 1)])
            ], reply: Tasks.DecideReply(version: n + 1))
    }
}
