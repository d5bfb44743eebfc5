import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// E5: who is told of which transition, and what becomes of the desks' tasks.
struct AnnouncementTests {
    /// Every transition of the machine, from each of its states.
    static let transitions: [(from: DeclarationPhase, DeclarationEvent, to: DeclarationPhase)] =
        DeclarationMachine.transitions.flatMap { transition in
            transition.from.compactMap { from in
                guard case .phase(let to) = transition.target else { return nil }
                return (from, transition.event, to)
            }
        }

    /// While nobody of the unit may review it, its superior is told as well (I10).
    @Test(arguments: [true, false])
    func theSuperiorOfTheOnlyOfficerIsTold(isAlone: Bool) throws {
        var draft = declaration(in: .draft)
        draft.applicant.soleOfficer = isAlone
        draft.applicant.unitRegion = "350102"
        var changes = Changes(of: draft, ids: CommandIDs { randomID() })
        changes.apply("test", by: "person:officer-1") {
            $0.phase = .unitPool
            $0.submittedMilliseconds = 1
        }
        let post = try Tasks.PostRequest(
            decoding: try #require(changes.plan(()).messages.first).payload)
        #expect(post.told.contains("superior:350102") == isAlone)
    }

    @Test(arguments: [DeclarationPhase.unitPool, .superiorReview])
    func theSuperiorIsToldWhatIsReferredLater(_ phase: DeclarationPhase) throws {
        let own = declaration(in: phase)
        let change = ApplyOfficerChange(
            request: .init(unitID: own.unit.id, soleKey: [1], region: "350102"),
            ids: CommandIDs { randomID() })
        let plan = try change.decide(
            .init(claimed: [], own: own, accompanied: nil), at: Timestamp(milliseconds: 1))
        let posts = try plan.messages.map { try Tasks.PostRequest(decoding: $0.payload) }
        let told = posts.map(\.told)
        #expect(told == (phase == .unitPool ? [["superior:350102"]] : []))
        #expect(posts.allSatisfy { $0.isWorded })
    }

    @Test(arguments: transitions)
    func everyTransitionIsTold(
        _ from: DeclarationPhase, _ event: DeclarationEvent, _ to: DeclarationPhase
    ) throws {
        var changes = Changes(of: declaration(in: from), ids: CommandIDs { randomID() })
        changes.apply("test", by: "person:officer-1") {
            $0.phase = to
            $0.submittedMilliseconds = $0.submittedMilliseconds ?? (to == .withdrawn ? nil : 1)
            if $0.phase == .unitReview { $0.claim = .init(officerID: "o", officerName: "陈经办") }
        }
        let plan = changes.plan(())
        let posts = plan.messages.filter { $0.destination == Announcement.destination }
        guard from != to else {
            // A draft that is edited concerns nobody else.
            #expect(event == .edit && posts.isEmpty)
            return
        }
        let post = try Tasks.PostRequest(decoding: try #require(posts.first).payload)
        #expect(posts.count == 1 && posts[0].lane != changes.declaration.id)
        #expect(post.event == "declaration.\(to)" && post.objectID == "d-1")
        #expect(post.isWorded && post.text.hasPrefix("姚姣2 的职称申报“"), "\(post.text)")
        #expect(post.actorID == "officer-1")
        #expect(post.told.contains("person:person-1"))
        let isOwnDraft = from == .draft && to == .withdrawn
        #expect(post.told.contains("unit:unit-school") == !isOwnDraft)
        for phase in [from, to] {
            if let desk = declaration(in: phase).deskMailbox {
                #expect(post.recipients.contains(desk), "\(event): whoever has it, or had it")
            }
        }
        let kinds = post.tasks.map(\.kind)
        switch (declaration(in: from).deskMailbox, declaration(in: to).deskMailbox) {
        case (nil, nil): #expect(kinds.isEmpty)
        case (nil, _): #expect(kinds == [.opened])
        case (_, nil): #expect(kinds == [.closed])
        case (let before, let after):
            #expect(kinds == (before == after ? [.changed] : [.closed, .opened]))
        }
    }

    @Test func whatAnotherServiceRefusedIsTheOfficersToKnow() async throws {
        try await Harness.run { harness in
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(
                harness.applicant(1), harness.plan(), by: officer, occupies: true)
            harness.quota.vacancies = 0
            _ = try await refusal { try await harness.decide(row, .approved, by: officer) }
            let post = try #require(try harness.database.announcements().last)
            #expect(post.event == "declaration.refused" && post.told == ["person:officer-陈经办"])
            #expect(post.text.hasSuffix("未办理成功：岗位没有空缺") && post.actorID.isEmpty)
            #expect(post.tasks.map(\.kind) == [.changed])
        }
    }

    @Test func whatLapsesIsTold() async throws {
        try await Harness.run { harness in
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(
                harness.applicant(1), harness.plan(), by: officer, occupies: false)
            _ = try await harness.decide(row, .returned, by: officer)
            harness.clock.advance(by: .seconds(400 * 86_400))
            for _ in 0..<5_000
            where try harness.database.announcements().last?.event != "declaration.lapsed" {
                try await Task.sleep(for: .milliseconds(2))
            }
            // Earlier ones were answered long ago, and are forgotten.
            let post = try #require(try harness.database.announcements().last)
            #expect(post.event == "declaration.lapsed" && post.actorID.isEmpty && post.isWorded)
        }
    }

    /// One that its unit has seen, unless it is a draft.
    private func declaration(in phase: DeclarationPhase) -> StoredDeclaration {
        var plan = Declaration.Plan.engineering
        plan.id = "plan-1"
        return StoredDeclaration(
            id: "d-1", personID: "person-1", personKey: [1],
            applicant: Identity.PersonSummary(personID: "person-1", name: "姚姣2"), unit: .school,
            plan: plan, phase: phase, version: 7, round: 3, acceptedRound: 1,
            sortMilliseconds: 1, submittedMilliseconds: phase == .draft ? nil : 1,
            application: .engineer, itemIDs: [], claim: nil, waitingStep: nil, wasReviewed: true,
            reservation: nil, defects: [], correctBy: "2022-05-10", noticeUntil: "2022-04-26")
    }
}
