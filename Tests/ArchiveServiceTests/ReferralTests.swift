import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// What waits of a unit's only officer is the superior's to decide (I10).
@Suite struct ReferralTests {
    private let harness: Harness
    /// Somebody who is an officer of the school too.
    private let person = User(
        personID: "person-1", name: "陈经办", role: .applicant, unitID: "school", personKey: [1])

    init() throws { harness = try Harness() }

    private func pending(_ user: User) async throws -> [Tasks.Task] {
        try await harness.tasks(user).list(.init()).tasks
    }

    private func tell(
        _ key: [UInt8], region: String = "350100", message: IdempotencyKey = .random()
    ) async throws {
        var options = CallOptions()
        options.idempotencyKey = message
        _ = try await Identity.OfficerChangesClient(
            harness.channel(nil, as: "identity-service")
        ).apply(
            .init(unitID: "school", leftID: "officer-2", soleKey: key, region: region),
            options: options)
    }

    @Test func theOnlyOfficersOwnItemGoesToTheSuperior() async throws {
        harness.identity.setAlone(person)
        var values = Harness.work
        values["employer"] = "福州市第一中学"
        let item = try await harness.submit(
            person, try await harness.save(person, "work_history", values))
        #expect(try await pending(.superior).map(\.objectID) == [item.id])
        #expect(try await harness.tasks(.superior).count(.init()).pending == 1)
        #expect(
            try await refusal { try await harness.decide(item, .approved) }.code
                == .permissionDenied)
        let seen = try await harness.archive(.superior).getItem(.init(id: item.id))
        #expect(seen.mainName == "福州市第一中学")
        let decided = try await harness.decide(item, .approved, by: .superior)
        #expect(decided.state == .done)
        let now = try await harness.archive(person).getItem(.init(id: item.id))
        #expect(now.state == .approved && now.flow.last?.actorName == "主管")
        #expect(try await pending(.superior).isEmpty)
        #expect(try await pending(.school).isEmpty)
        let counts = try await harness.tasks(.superior).count(.init())
        #expect(counts.pending == 0 && counts.processed == 1)

        // The request to have it back goes the same way.
        let withdrawal = try await harness.withdraw(now, person)
        #expect(try await pending(.superior).map(\.kind) == ["withdrawal"])
        _ = try await harness.archive(.superior).getWithdrawal(.init(id: withdrawal.id))
        _ = try await harness.decide(withdrawal, .approved, by: .superior)
        #expect(
            try await harness.archive(person).getItem(.init(id: item.id)).state == .returned)
    }

    @Test func theSuperiorIsToldAndMayRemind() async throws {
        let ordinary = try await harness.reviewing(.applicant(2))
        harness.identity.setAlone(person)
        let item = try await harness.reviewing(person)
        _ = try await harness.decide(item, .approved, by: .superior)
        let now = try await harness.archive(person).getItem(.init(id: item.id))
        _ = try await harness.withdraw(now, person)
        let posts = try harness.database.announcements()
        #expect(posts[0].objectID == ordinary.id && posts[0].told.count == 2)
        for post in posts[1...] {
            #expect(post.told == ["person:person-1", "unit:school", "superior:350100"])
        }
        // 催办 of every task is for the superiors of the unit's region (T7).
        for post in posts where post.tasks.first?.kind == .opened {
            #expect(post.tasks.map(\.region) == ["350100"])
        }
    }

    @Test func othersItemsAndOtherRegionsStayOut() async throws {
        harness.identity.setAlone(person)
        let own = try await harness.reviewing(person)
        let other = try await harness.reviewing(.applicant(2))
        var elsewhere = User.superior
        elsewhere.personID = "superior-2"
        elsewhere.region = "350200"
        #expect(try await pending(elsewhere).isEmpty)
        let refusals = [
            try await refusal { try await harness.decide(own, .approved, by: elsewhere) },
            try await refusal { try await harness.archive(elsewhere).getItem(.init(id: own.id)) },
            try await refusal { try await harness.decide(other, .approved, by: .superior) },
            try await refusal {
                try await harness.archive(.superior).getItem(.init(id: other.id))
            },
        ]
        #expect(refusals.allSatisfy { $0.code == .notFound })
    }

    @Test func whatWaitsFollowsAChangeOfOfficers() async throws {
        let own = try await harness.reviewing(person)
        _ = try await harness.reviewing(.applicant(2))
        #expect(try await pending(.superior).isEmpty)
        let message = IdempotencyKey.random()
        for _ in 1...2 { try await tell([1], message: message) }
        #expect(try await pending(.superior).map(\.objectID) == [own.id])
        #expect(
            try harness.number(
                "SELECT count(*) FROM audit WHERE action = 'archive.officers.change'") == 1)
        let told = try harness.database.announcements().filter {
            $0.event == "archive_item.referred"
        }
        #expect(told.map(\.told) == [["superior:350100"]] && told.allSatisfy(\.isWorded))
        #expect(told.first?.text.hasPrefix("1 项") == true)
        // Who left and leaves several behind says nothing of anybody.
        try await tell([])
        #expect(try await pending(.superior).count == 1)
    }
}
