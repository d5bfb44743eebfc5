import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import ArchiveService

/// E5: who is told of which transition of items and withdrawal requests, and what becomes of the unit's tasks.
@Suite struct AnnouncementTests {
    private let person = User.applicant()

    @Test(arguments: StateMachineTests.transitions)
    func everyTransitionOfAnItemHasItsWords(
        _ from: ItemPhase, _ event: ItemPhase.Event, _ to: ItemPhase
    ) throws {
        let item = StoredItem(
            id: "i-1", personID: "person-1", kind: "work_history", phase: to, version: 4,
            round: 1, createdMilliseconds: 1, form: ItemForm(), mainName: "福州市第一中学",
            applicant: .init(name: "姣姣1"), submission: nil)
        let announcement = Announcement.of(
            item, after: event, applicant: "姣姣1", unit: "school", by: "officer-1")
        // What only its applicant sees is told to nobody.
        #expect((announcement == nil) == (event == .edit))
        guard let announcement else { return }
        let post = try Tasks.PostRequest(decoding: announcement.message.payload)
        #expect(post.title == "业绩档案 \(event == .retract ? "收回" : to.label)")
        #expect(post.event == "archive_item.\(to.view)" && post.isWorded)
        #expect(post.told == ["person:person-1", "unit:school"] && post.actorID == "officer-1")
    }

    @Test func everyCommandAnnouncesWhatItDid() async throws {
        let harness = try Harness()
        var item = try await harness.reviewing(person)
        _ = try await harness.decide(item, .returned)
        item = try await harness.archive(person).getItem(.init(id: item.id))
        item = try await harness.submit(person, item)
        _ = try await harness.decide(item, .approved)
        item = try await harness.archive(person).getItem(.init(id: item.id))
        _ = try await harness.cancel(try await harness.withdraw(item, person), person)
        _ = try await harness.decide(try await harness.withdraw(item, person), .returned)
        _ = try await harness.decide(try await harness.withdraw(item, person), .approved)
        item = try await harness.archive(person).getItem(.init(id: item.id))
        item = try await harness.submit(person, item)
        _ = try await harness.decide(item, .terminated)

        let posts = try harness.database.announcements()
        let asked = "withdrawal_request.pending"
        #expect(
            posts.map(\.event) == [
                "archive_item.reviewing", "archive_item.returned", "archive_item.reviewing",
                "archive_item.approved", asked, "withdrawal_request.cancelled", asked,
                "withdrawal_request.refused", asked, "withdrawal_request.granted",
                "archive_item.returned", "archive_item.reviewing", "archive_item.terminated",
            ])
        #expect(posts.allSatisfy { $0.isWorded && $0.told == ["person:person-1", "unit:school"] })
        let opened: [Tasks.TaskChangeKind] = [.opened, .closed, .opened, .closed, .opened, .closed]
        #expect(
            posts.flatMap { $0.tasks.map(\.kind) } == opened + [.opened, .closed, .opened, .closed]
                + [.opened, .closed])
        let task = try #require(posts[0].tasks.first?.task)
        #expect(task.title == "工作经历 福州市第一中学" && task.applicantName == "姣姣1")
        #expect(posts[1].tasks.first?.task?.id == task.id)
        #expect(posts[0].tasks.first?.desk == .unit("school"))
    }

    @Test func aBatchAnnouncesEachOfItsRows() async throws {
        let harness = try Harness()
        let items = [
            try await harness.reviewing(person), try await harness.reviewing(.applicant(2)),
        ]
        _ = try await harness.tasks(.school).decideBatch(
            Tasks.DecideBatchRequest(
                tasks: items.map {
                    Tasks.BatchTask(taskID: "archive:\($0.id):1", expectedVersion: $0.version)
                }, outcome: .approved, opinion: "情况属实"))
        let posts = try harness.database.announcements().suffix(2)
        #expect(posts.map(\.event) == ["archive_item.approved", "archive_item.approved"])
        #expect(Set(posts.map(\.objectID)) == Set(items.map(\.id)))
    }
}
