import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// 收回: an applicant takes a submission back that nobody decided.
@Suite struct RetractTests {
    private let person = User.applicant()

    private func get(
        _ harness: Harness, _ id: String, round: Int64 = 0, as user: User
    ) async throws -> Archive.Item {
        try await harness.archive(user).getItem(Archive.GetItemRequest(id: id, round: round))
    }

    @Test func theUnitSeesItNoMoreAndItCanBeSubmittedAgain() async throws {
        let harness = try Harness()
        let draft = try await harness.save(person, "education", Harness.education)
        let file = try await harness.attach(person, draft)
        let first = try await harness.submit(person, draft)
        let back = try await harness.retract(person, first)
        #expect(back.state == .draft && back.version == first.version + 1 && back.round == 1)
        #expect(back.taskID.isEmpty && back.evidence == [file])
        #expect(back.flow.map(\.action) == ["提交", "收回"])

        // Nothing of it waits, is counted or is shown.
        let tasks = harness.tasks(.school)
        let counts = try await tasks.count(Tasks.CountTasksRequest())
        #expect(counts.pending == 0 && counts.processed == 0)
        for view in [Tasks.TaskView.pending, .processed] {
            #expect(try await tasks.list(Tasks.ListTasksRequest(view: view)).tasks.isEmpty)
        }
        #expect(
            try await harness.archive(.school).listItems(Archive.ListItemsRequest()).total == 0)
        #expect(
            try await refusal { try await get(harness, first.id, as: .school) }.code == .notFound)
        let hidden = try await refusal {
            _ = try await harness.archive(.school).downloadEvidence(
                Archive.DownloadEvidenceRequest(itemID: first.id, attachmentID: file.id),
                atMost: 1 << 20)
        }
        #expect(hidden.code == .notFound)
        let late = try await refusal { try await harness.decide(first, .approved) }
        #expect(late.code == .aborted && late.message == "该业绩已由申报人收回")

        var values = Harness.education
        values["major"] = "软件工程"
        values["evidence"] = file.id
        let saved = try await harness.save(
            person, "education", values, id: back.id, version: back.version)
        let again = try await harness.submit(person, saved)
        #expect(again.round == 2 && again.taskID == "archive:\(first.id):2")
        let seen = try await get(harness, first.id, as: .school)
        #expect(seen.versions.map(\.round) == [2] && seen.comparedRound == 0)
        #expect(
            try await refusal { try await get(harness, first.id, round: 1, as: .school) }.code
                == .notFound)
        _ = try await harness.decide(again, .approved)
        // Its applicant has the whole history.
        let own = try await get(harness, first.id, as: person)
        #expect(own.state == .approved && own.versions.map(\.retracted) == [false, true])
        #expect(
            try await get(harness, first.id, round: 1, as: person).values == first.values)
    }

    /// The unit keeps what it decided before its eyes.
    @Test func whatWasReturnedOnceIsNotTakenBack() async throws {
        let harness = try Harness()
        let returned = try await harness.item(.returned, of: person)
        var values = Harness.work
        values["position"] = "教研组长"
        let saved = try await harness.save(
            person, "work_history", values, id: returned.id, version: returned.version)
        let again = try await harness.submit(person, saved)
        let refused = try await refusal { try await harness.retract(person, again) }
        #expect(refused.code == .failedPrecondition)
        for user in [User.school, person] {
            let seen = try await get(harness, returned.id, as: user)
            #expect(seen.comparedRound == 1)
            #expect(seen.differences.map(\.before) == ["教师"])
            #expect(seen.differences.map(\.after) == ["教研组长"])
        }
    }

    @Test func itHappensOnceAndOnlyToWhatWasSeen() async throws {
        let harness = try Harness()
        let item = try await harness.reviewing(person)
        var stale = item
        stale.version -= 1
        #expect(try await refusal { try await harness.retract(person, stale) }.code == .aborted)
        var options = CallOptions()
        options.idempotencyKey = .random()
        let request = Archive.RetractItemRequest(id: item.id, expectedVersion: item.version)
        let client = harness.archive(person)
        let back = try await client.retractItem(request, options: options)
        #expect(try await client.retractItem(request, options: options) == back)
        let posts = try harness.database.announcements()
        #expect(posts.map(\.event) == ["archive_item.reviewing", "archive_item.draft"])
        #expect(posts[1].told == ["person:person-1", "unit:school"])
        #expect(posts[1].tasks.map(\.kind) == [.closed])
        #expect(posts[1].tasks.first?.task?.id == item.taskID)
        #expect(try harness.number("SELECT count(*) FROM flow_steps") == 2)
    }

    /// One of the two happens, and the other is told.
    @Test func theRaceWithADecisionHasOneWinner() async throws {
        let harness = try Harness()
        for n in 0..<10 {
            let item = try await harness.reviewing(person)
            async let decided = try? harness.decide(item, .approved, by: .colleague)
            async let retracted = try? harness.retract(person, item)
            let winners = [await decided != nil, await retracted != nil]
            #expect(winners.count { $0 } == 1, "round \(n)")
            let now = try await get(harness, item.id, as: person)
            #expect(now.state == (winners[0] ? .approved : .draft))
        }
    }
}
