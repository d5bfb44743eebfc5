import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// Every cell of the machine "archive_item", by the rules and through the service.
@Suite struct StateMachineTests {
    static let transitions: [(ItemPhase, ItemPhase.Event, ItemPhase)] = [
        (.draft, .edit, .draft), (.draft, .submit, .reviewing),
        (.reviewing, .approve, .approved), (.reviewing, .return, .returned),
        (.reviewing, .terminate, .terminated), (.reviewing, .retract, .draft),
        (.returned, .edit, .returned), (.returned, .resubmit, .reviewing),
        (.approved, .withdrawalGranted, .returned),
    ]

    @Test(arguments: ItemPhase.allCases, ItemPhase.Event.allCases)
    func everyCell(_ phase: ItemPhase, _ event: ItemPhase.Event) {
        let expected = Self.transitions.first { $0.0 == phase && $0.1 == event }?.2
        #expect(phase.after(event) == expected)
    }

    @Test func labels() {
        #expect(ItemPhase.allCases.map(\.label) == ["草稿", "审核中", "审核通过", "退回", "终止"])
        for phase in ItemPhase.allCases {
            #expect(ItemPhase(rawValue: Int64(phase.message.rawValue)) == phase)
        }
    }

    /// What somebody tries with an item.
    enum Attempt: CaseIterable, Sendable {
        case edit, upload, submit, retract, approve, `return`, terminate, view

        var events: [ItemPhase.Event] {
            switch self {
            case .edit, .upload: [.edit]
            case .submit: [.submit, .resubmit]
            case .retract: [.retract]
            case .approve: [.approve]
            case .return: [.return]
            case .terminate: [.terminate]
            case .view: []
            }
        }

        var isReview: Bool { self == .approve || self == .return || self == .terminate }
    }

    /// Who tries.
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

    /// The code of the refusal; nil when it is to succeed.
    static func expected(_ phase: ItemPhase, _ attempt: Attempt, _ actor: Actor) -> RPCCode? {
        let isOpen = attempt.events.contains { phase.after($0) != nil }
        switch (actor, attempt) {
        case (.department, _): return .permissionDenied
        case (.applicant, .view): return nil
        case (.anotherApplicant, .view): return .notFound
        case (.administrator, .view), (.reviewer, .view): return phase == .draft ? .notFound : nil
        case (.foreignOfficer, .view): return .notFound
        case (.applicant, _):
            if attempt.isReview { return .permissionDenied }
            return isOpen ? nil : .failedPrecondition
        case (.anotherApplicant, _): return attempt.isReview ? .permissionDenied : .notFound
        case (.administrator, _), (.reviewer, _):
            guard attempt.isReview else { return .permissionDenied }
            if phase == .draft { return .notFound }
            return isOpen ? nil : .aborted
        case (.foreignOfficer, _): return attempt.isReview ? .notFound : .permissionDenied
        }
    }

    @Test(arguments: ItemPhase.allCases, Actor.allCases)
    func everyAttempt(_ phase: ItemPhase, _ actor: Actor) async throws {
        let harness = try Harness()
        for attempt in Attempt.allCases {
            let item = try await harness.item(phase, of: .applicant())
            var code: RPCCode?
            do {
                try await perform(attempt, harness, item, actor.user)
            } catch let error as RPCError {
                code = error.code
            }
            #expect(code == Self.expected(phase, attempt, actor), "\(attempt)")
            if code != nil {
                let after = try await harness.archive(.applicant()).getItem(
                    Archive.GetItemRequest(id: item.id))
                #expect(
                    after.withoutHistory == item.withoutHistory,
                    "a refusal left an effect: \(attempt)")
            }
        }
    }

    private func perform(
        _ attempt: Attempt, _ harness: Harness, _ item: Archive.Item, _ user: User
    ) async throws {
        switch attempt {
        case .edit:
            let edited = try await harness.save(
                user, "", ["employer": "另一单位", "start": "2012-09-01", "position": "教师"],
                id: item.id, version: item.version)
            #expect(edited.version == item.version + 1 && edited.state == item.state)
        case .upload: _ = try await harness.attach(user, item)
        case .submit:
            let submitted = try await harness.submit(user, item)
            #expect(submitted.state == .reviewing && submitted.round == item.round + 1)
        case .retract:
            let draft = try await harness.retract(user, item)
            #expect(draft.state == .draft && draft.version == item.version + 1)
        case .approve: _ = try await harness.decide(item, .approved, by: user)
        case .return: _ = try await harness.decide(item, .returned, by: user)
        case .terminate: _ = try await harness.decide(item, .terminated, by: user)
        case .view:
            _ = try await harness.archive(user).getItem(Archive.GetItemRequest(id: item.id))
        }
    }
}
