import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// Every cell of the machine "withdrawal_request", by the rules and through the service.
@Suite struct WithdrawalStateMachineTests {
    static let transitions: [(WithdrawalPhase, WithdrawalPhase.Event, WithdrawalPhase)] = [
        (.pending, .grant, .granted), (.pending, .refuse, .refused),
        (.pending, .cancel, .cancelled),
    ]

    @Test(arguments: WithdrawalPhase.allCases, WithdrawalPhase.Event.allCases)
    func everyCell(_ phase: WithdrawalPhase, _ event: WithdrawalPhase.Event) {
        let expected = Self.transitions.first { $0.0 == phase && $0.1 == event }?.2
        #expect(phase.after(event) == expected)
    }

    @Test func labels() {
        #expect(WithdrawalPhase.allCases.map(\.label) == ["待处理", "已同意", "已驳回", "已取消"])
        for phase in WithdrawalPhase.allCases {
            #expect(WithdrawalPhase(rawValue: Int64(phase.message.rawValue)) == phase)
        }
    }

    enum Actor: CaseIterable, Sendable {
        case applicant, anotherApplicant, administrator, reviewer, foreignOfficer, department

        var user: User {
            switch self {
            case .applicant: .applicant()
            case .anotherApplicant: .applicant(2, name: "姚姣2")
            case .administrator: .school
            case .reviewer: .colleague
            case .foreignOfficer: .company
            case .department: .department
            }
        }
    }

    static func expected(
        _ phase: WithdrawalPhase, _ event: WithdrawalPhase.Event, _ actor: Actor
    ) -> RPCCode? {
        let isOpen = phase.after(event) != nil
        switch (actor, event) {
        case (.applicant, .cancel): return isOpen ? nil : .failedPrecondition
        case (.anotherApplicant, .cancel): return .notFound
        case (.administrator, .grant), (.administrator, .refuse), (.reviewer, .grant),
            (.reviewer, .refuse):
            return isOpen ? nil : .aborted
        case (.foreignOfficer, .grant), (.foreignOfficer, .refuse): return .notFound
        default: return .permissionDenied
        }
    }

    @Test(arguments: WithdrawalPhase.allCases, Actor.allCases)
    func everyAttempt(_ phase: WithdrawalPhase, _ actor: Actor) async throws {
        let harness = try Harness()
        for event in WithdrawalPhase.Event.allCases {
            let found = try await withdrawal(harness, phase)
            var code: RPCCode?
            do {
                switch event {
                case .grant: _ = try await harness.decide(found, .approved, by: actor.user)
                case .refuse: _ = try await harness.decide(found, .returned, by: actor.user)
                case .cancel: _ = try await harness.cancel(found, actor.user)
                }
            } catch let error as RPCError {
                code = error.code
            }
            #expect(code == Self.expected(phase, event, actor), "\(event)")
            let after = try await harness.archive(.applicant()).getWithdrawal(
                Archive.GetWithdrawalRequest(id: found.id))
            let state = code == nil ? phase.after(event) : phase
            #expect(after.state == state?.message)
            if code != nil { #expect(after == found, "a refusal left an effect: \(event)") }
            let item = try await harness.archive(.applicant()).getItem(
                Archive.GetItemRequest(id: found.itemID))
            #expect(item.state == (state == .granted ? .returned : .approved))
        }
    }

    private func withdrawal(
        _ harness: Harness, _ phase: WithdrawalPhase
    ) async throws -> Archive.Withdrawal {
        let approved = try await harness.item(.approved, of: .applicant())
        let asked = try await harness.withdraw(approved, .applicant())
        switch phase {
        case .pending: return asked
        case .granted: _ = try await harness.decide(asked, .approved)
        case .refused: _ = try await harness.decide(asked, .returned)
        case .cancelled: return try await harness.cancel(asked, .applicant())
        }
        return try await harness.archive(.applicant()).getWithdrawal(
            Archive.GetWithdrawalRequest(id: asked.id))
    }
}
