import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// Every state × every action × every role, through the service: what the table allows leads where the table
/// says; everything else is refused with a code and leaves no effect.
struct CellTests {
    enum Role: CaseIterable {
        case applicant, unit, superior, committee
        /// Another unit's officer, and the HR department: parties of nothing in the table.
        case stranger, department

        var actors: Set<DeclarationActor> {
            switch self {
            case .applicant: [.applicant]
            case .unit: [.unitReviewer]
            case .superior: [.superior]
            case .committee: [.committee]
            case .stranger, .department: []
            }
        }
    }

    /// The calls by which people make events happen.
    enum Action: CaseIterable {
        case submit, edit, delete, withdraw, claim, release
        case openNotice, closeNotice
        case approve, sendBack, sendToApplicant, fail, terminate

        /// What the call can be in the table, by its state.
        func events(_ role: Role) -> [DeclarationEvent] {
            switch self {
            case .submit: [.submit, .resubmit]
            case .edit: [.edit]
            case .delete: [.delete]
            case .withdraw: [.withdraw]
            case .claim: [.claim]
            case .release: [.release]
            case .openNotice: [.openPublicity]
            case .closeNotice: [.closePublicity]
            case .approve: [.approve, .reapprove, .accept, .votePass, .confirm]
            case .sendBack:
                role == .superior ? [.returnToUnit] : [.returned, .returnToApplicant]
            case .sendToApplicant: [.returned, .returnToApplicant]
            case .fail: [.voteFail, .objectionUpheld]
            case .terminate: [.terminate]
            }
        }
    }

    @Test(arguments: DeclarationPhase.allCases)
    func everyState(_ phase: DeclarationPhase) async throws {
        try await Harness.run { harness in
            let stage = try await Stage(harness)
            var row = try await stage.declaration(in: phase)
            for role in Role.allCases {
                for action in Action.allCases {
                    let expected = Self.target(phase, action, role)
                    let code = await stage.attempt(action, row, role)
                    let cell = "\(phase) \(action) \(role): \(String(describing: code))"
                    guard let expected else {
                        #expect(code.map(Self.refusals.contains) == true, "\(cell)")
                        #expect(try await stage.row(row.id) == row, "\(cell)")
                        continue
                    }
                    #expect(code == nil, "\(cell)")
                    switch expected {
                    case .deleted:
                        #expect(try await refusal { try await stage.row(row.id) }.code == .notFound)
                    case .phase(let next):
                        #expect(try await stage.row(row.id).state == next.message, "\(cell)")
                    }
                    row = try await stage.declaration(in: phase)
                }
            }
        }
    }

    private static let refusals: Set<RPCCode> = [
        .failedPrecondition, .permissionDenied, .notFound, .invalidArgument,
    ]

    private static func target(
        _ phase: DeclarationPhase, _ action: Action, _ role: Role
    ) -> DeclarationMachine.Target? {
        switch (phase, action, role) {
        // Who holds the claim already has what a second claim asks for.
        case (.unitReview, .claim, .unit): return .phase(.unitReview)
        // What is filled in may also be corrected after a return.
        case (.returnedToApplicant, .edit, .applicant): return .phase(.returnedToApplicant)
        default: break
        }
        for event in action.events(role) {
            if case .allowed(let target) = DeclarationMachine.verdict(
                phase, event, by: role.actors)
            {
                return target
            }
        }
        return nil
    }
}

/// The people of a cell, and declarations in the state that it needs.
private final class Stage {
    private let harness: Harness
    private let plan: Declaration.Plan
    private let tokens: [CellTests.Role: [UInt8]]
    private var people = 0
    private var applicant: Harness.Applicant

    init(_ harness: Harness) async throws {
        self.harness = harness
        plan = try await harness.plan()
        applicant = harness.applicant(0)
        tokens = [
            .unit: harness.officer("陈经办"), .superior: harness.superior(),
            .committee: harness.committee(), .stranger: harness.officer("外单位", of: .company),
            .department: harness.other(.hrDepartment),
        ]
    }

    /// A new applicant's declaration.
    func declaration(in phase: DeclarationPhase) async throws -> Declaration.DeclarationRow {
        people += 1
        applicant = harness.applicant(people)
        if phase == .draft {
            return try #require(try await harness.draft(applicant, plan).row)
        }
        let ready = try await harness.ready(
            applicant, plan, by: tokens[.unit] ?? [], occupies: false)
        _ = try await harness.database.execute(Force(id: ready.id, phase: phase))
        return try await row(ready.id)
    }

    func row(_ id: String) async throws -> Declaration.DeclarationRow {
        try await harness.row(id, for: applicant.token)
    }

    /// What the call is refused with; nil when it is not.
    func attempt(
        _ action: CellTests.Action, _ row: Declaration.DeclarationRow, _ role: CellTests.Role
    ) async -> RPCCode? {
        let token = tokens[role] ?? applicant.token
        let client = harness.declarations(token)
        var task = row
        task.taskID = "declaration:\(row.id):\(max(row.round, 1))"
        do {
            switch action {
            case .submit:
                _ = try await client.submit(.init(id: row.id, expectedVersion: row.version))
            case .edit:
                _ = try await client.saveDraft(
                    .init(
                        id: row.id, expectedVersion: row.version, planID: plan.id,
                        application: .engineer))
            case .delete:
                _ = try await client.deleteDraft(.init(id: row.id, expectedVersion: row.version))
            case .withdraw:
                _ = try await client.withdraw(.init(id: row.id, expectedVersion: row.version))
            case .claim: _ = try await harness.claim(row, by: token)
            case .release:
                _ = try await client.releaseClaim(.init(id: row.id, expectedVersion: row.version))
            case .openNotice:
                _ = try await client.openNotice(.init(id: row.id, expectedVersion: row.version))
            case .closeNotice:
                // A notice that was forced has the declaration's id.
                _ = try await client.closeNotice(
                    .init(noticeID: row.id, expectedVersion: row.version))
            case .approve:
                if row.state == .expertReview { try await vote(3, row) }
                _ = try await harness.decide(task, .approved, by: token)
            case .fail:
                if row.state == .expertReview { try await vote(0, row) }
                _ = try await harness.decide(task, .failed, by: token)
            case .sendBack: _ = try await harness.decide(task, .returned, by: token)
            case .sendToApplicant:
                _ = try await harness.decide(task, .returned, by: token, toApplicant: true)
            case .terminate: _ = try await harness.decide(task, .terminated, by: token)
            }
            return nil
        } catch {
            return (error as? RPCError)?.code ?? .unknown
        }
    }

    private func vote(_ inFavour: UInt32, _ row: Declaration.DeclarationRow) async throws {
        _ = try await harness.declarations(tokens[.committee] ?? []).saveVotes(
            Declaration.SaveVotesRequest(id: row.id, present: 3, inFavour: inFavour))
    }
}

/// Puts a declaration that its unit reviews into any other state, with the round that it has there.
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
        changes.write([RoundStore.close(declaration.taskID)])
        changes.apply("test.force", by: "person:test") {
            $0.phase = phase
            $0.correctBy = "2023-02-01"
            $0.noticeUntil = "2022-04-18"
            if phase == .unitPool || phase == .returnedToUnit { $0.claim = nil }
            if $0.desk != nil { $0.round += 1 }
        }
        if changes.declaration.desk != nil {
            changes.write([RoundStore.open(changes.declaration, at: now)])
        }
        if phase == .unitPublicity {
            changes.write([
                NoticeStore.insert(
                    StoredNotice(
                        id: id, declarationID: id, owner: declaration.unit.id,
                        content: declaration.noticeContent, openedMilliseconds: 1,
                        openedDay: "2022-04-11", untilDay: "2022-04-18", openedByName: "陈经办",
                        closedMilliseconds: nil, objections: []))
            ])
        }
        return changes.plan(Tasks.DecideReply())
    }
}
