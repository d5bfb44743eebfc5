import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import Testing

@testable import DeclarationService

/// Every state × every event of the unit, through the service: what the table does not allow is refused and leaves no effect.
struct CellTests {
    private static let events: [(event: DeclarationEvent, outcome: Common.Outcome?)] = [
        (.claim, nil), (.release, nil), (.approve, .approved), (.returned, .returned),
        (.terminate, .terminated),
    ]

    @Test(arguments: DeclarationPhase.allCases.filter { $0 != .draft })
    func everyState(_ phase: DeclarationPhase) async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            for (n, (event, outcome)) in Self.events.enumerated() {
                let first = try await harness.ready(
                    harness.applicant(n), plan, by: officer, occupies: false)
                _ = try await harness.database.execute(Force(id: first.id, phase: phase))
                var row = try await harness.row(first.id, for: officer)
                // Also when the caller still has the task.
                row.taskID = first.taskID
                let code = await Self.attempt(event, outcome, row, harness, officer)
                let isAllowed = Self.isAllowed(phase, event)
                #expect(
                    (code == nil) == isAllowed, "\(phase) \(event): \(String(describing: code))")
                guard !isAllowed else { continue }
                #expect(code == .failedPrecondition || code == .permissionDenied)
                var after = try await harness.row(first.id, for: officer)
                after.taskID = first.taskID
                #expect(after == row, "\(phase) \(event)")
            }
        }
    }

    private static func isAllowed(_ phase: DeclarationPhase, _ event: DeclarationEvent) -> Bool {
        // Who holds the claim already has what a second claim asks for.
        if phase == .unitReview, event == .claim { return true }
        let stored: DeclarationEvent =
            event == .approve && phase == .returnedToUnit ? .reapprove : event
        guard
            case .allowed = DeclarationMachine.verdict(phase, stored, by: [.unitReviewer])
        else { return false }
        return true
    }

    private static func attempt(
        _ event: DeclarationEvent, _ outcome: Common.Outcome?, _ row: Declaration.DeclarationRow,
        _ harness: Harness, _ officer: [UInt8]
    ) async -> RPCCode? {
        do {
            if let outcome {
                _ = try await harness.decide(row, outcome, by: officer)
            } else if event == .claim {
                _ = try await harness.claim(row, by: officer)
            } else {
                _ = try await harness.declarations(officer).releaseClaim(
                    Declaration.ReleaseClaimRequest(id: row.id, expectedVersion: row.version))
            }
            return nil
        } catch {
            return (error as? RPCError)?.code ?? .unknown
        }
    }
}

/// Puts a declaration into a state that only later nodes lead to.
private struct Force: Command {
    let id: String
    let phase: DeclarationPhase

    func read(_ rows: any RowReader) throws -> StoredDeclaration? {
        try DeclarationStore.declaration(id, rows)
    }

    func decide(
        _ declaration: StoredDeclaration?, at now: Timestamp
    ) throws(Refusal) -> Plan<Tasks.DecideReply> {
        guard let declaration else { throw Refusal(code: 5, message: "") }
        var changes = Changes(of: declaration, ids: CommandIDs { randomID() })
        changes.apply("test.force", by: "person:test") {
            $0.phase = phase
            $0.correctBy = "2023-02-01"
            if phase == .unitPool { $0.claim = nil }
        }
        return changes.plan(Tasks.DecideReply())
    }
}
