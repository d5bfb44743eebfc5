import Logging
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import Synchronization
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// E5: what the owners announce is there for whom it concerns, once, until they have read it.
    @Suite struct NotificationTests {
        private func post(
            _ centre: Centre, _ recipients: [Tasks.Mailbox], at time: Int64 = 1_000,
            actor: String = "", id: IdempotencyKey = .random(), text: String = "内容",
            by service: String = "archive-service"
        ) async throws {
            var options = CallOptions()
            options.idempotencyKey = id
            _ = try await centre.owner(service).post(
                Tasks.PostRequest(
                    event: "archive_item.returned", objectID: "i-1", title: "业绩档案 退回", text: text,
                    atMs: time, recipients: recipients, actorID: actor), options: options)
        }

        private func texts(_ centre: Centre, _ person: Person) async throws -> [String] {
            try await centre.notifications(person).list(.init()).notifications.map(\.text)
        }

        @Test func everybodySeesTheirOwnAndTheirDesks() async throws {
            let centre = try Centre()
            try await post(centre, [.unit("unit-1")], at: 1, text: "unit")
            try await post(centre, [.person("applicant")], at: 2, text: "person")
            try await post(centre, [.person("officer"), .unit("unit-1")], at: 3, text: "both")
            try await post(centre, [.superiors("350102")], at: 4, text: "county")
            try await post(centre, [.superiors("350200")], at: 5, text: "another city")
            try await post(centre, [.committee("committee-1")], at: 6, text: "committee")
            try await post(centre, [.department("350102")], at: 7, text: "department")
            try await post(centre, [.department("350000")], at: 8, text: "province")
            #expect(try await texts(centre, .officer) == ["both", "unit"])
            #expect(try await texts(centre, .colleague) == ["both", "unit"])
            #expect(try await texts(centre, .stranger) == [])
            #expect(try await texts(centre, .applicant) == ["person"])
            #expect(try await texts(centre, .superior) == ["county"])
            #expect(try await texts(centre, .committee) == ["committee"])
            #expect(try await texts(centre, .department) == ["department"])
            let one = try #require(
                try await centre.notifications(.applicant).list(.init()).notifications.first)
            #expect(one.event == "archive_item.returned" && one.objectID == "i-1")
            #expect(one.title == "业绩档案 退回" && one.atMs == 2 && !one.read && one.id.count == 32)
        }

        @Test func aMessageThatComesTwiceIsThereOnce() async throws {
            let centre = try Centre()
            let id = IdempotencyKey.random()
            for _ in 0..<3 { try await post(centre, [.unit("unit-1")], id: id) }
            #expect(try await texts(centre, .officer) == ["内容"])
            let other = try await refusal {
                try await post(centre, [.unit("unit-1")], id: id, text: "另一个")
            }
            #expect(other.code == .failedPrecondition)
        }

        @Test func readingIsEachPersonsOwn() async throws {
            let centre = try Centre()
            for time in 1...3 { try await post(centre, [.unit("unit-1")], at: Int64(time)) }
            try await post(centre, [.unit("unit-1")], at: 4, actor: "officer")
            let mine = centre.notifications(.officer)
            let colleagues = centre.notifications(.colleague)
            #expect(try await mine.countUnread(.init()).unread == 3, "what they did they know")
            #expect(try await colleagues.countUnread(.init()).unread == 4)
            let page = try await mine.list(.init()).notifications
            #expect(page.map(\.read) == [true, false, false, false])
            let left = try await mine.markRead(.init(ids: [page[1].id, page[0].id, "unknown"]))
            #expect(left.unread == 2)
            let unread = try await mine.list(.init(unread: true)).notifications
            #expect(unread.map(\.id) == page[2...].map(\.id))
            #expect(try await colleagues.countUnread(.init()).unread == 4)
            #expect(try await mine.markRead(.init(all: true)).unread == 0)
            #expect(try await mine.countUnread(.init()).unread == 0)
            #expect(try await mine.list(.init(unread: true)).notifications.isEmpty)
            #expect(try await mine.list(.init()).notifications.count == 4)
        }

        @Test func pagesAreCompleteAndInOrder() async throws {
            let centre = try Centre()
            for number in 0..<25 {
                let mailbox: Tasks.Mailbox =
                    number.isMultiple(of: 3) ? .person("officer") : .unit("unit-1")
                try await post(centre, [mailbox], at: Int64(1 + number / 4), text: "\(number)")
            }
            var seen: [Tasks.Notification] = []
            var cursor: [UInt8] = []
            repeat {
                let page = try await centre.notifications().list(
                    .init(page: .init(size: 4, cursor: cursor)))
                seen += page.notifications
                cursor = page.nextCursor
            } while !cursor.isEmpty && seen.count < 100
            #expect(seen.count == 25 && Set(seen.map(\.text)).count == 25)
            #expect(seen.map(\.atMs) == seen.map(\.atMs).sorted(by: >))
        }

        @Test func theOldestOfAMailboxGo() async throws {
            let centre = try Centre()
            let many = NotificationStore.mostOfMailbox + 20
            for start in stride(from: 0, to: many, by: 34) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for time in start..<min(start + 34, many) {
                        group.addTask {
                            try await post(centre, [.unit("unit-1")], at: Int64(time + 1))
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(
                try centre.number("SELECT count(*) FROM notifications")
                    == Int64(NotificationStore.mostOfMailbox))
            #expect(try centre.number("SELECT min(at_ms) FROM notifications") == 21)
            #expect(try await centre.notifications().markRead(.init(all: true)).unread == 0)
        }

        @Test func everyFaultIsNamedAndOnlyOwnersPost() async throws {
            let centre = try Centre()
            let faulty = Tasks.PostRequest(
                event: "", objectID: "i-1", title: "", text: String(repeating: "文", count: 501),
                recipients: (0...10).map { .unit("\($0)") },
                tasks: [Tasks.TaskChange(kind: .opened)])
            let error = try await refusal { try await centre.owner().post(faulty) }
            #expect(error.code == .invalidArgument)
            let fields = try error.details.compactMap {
                try $0.decode(as: Common.FieldViolations.self)
            }.flatMap(\.violations).map(\.field)
            #expect(fields == ["event", "title", "text", "at_ms", "recipients", "tasks"])
            for person in Person.allCases {
                let denied = try await refusal {
                    try await centre.notifications(person).post(faulty)
                }
                #expect(denied.code == .permissionDenied)
            }
            let stranger = try await refusal {
                try await post(centre, [.unit("unit-1")], by: "sso-simulator")
            }
            #expect(stranger.code == .permissionDenied)
            let nobody = try await refusal { try await centre.notifications(nil).list(.init()) }
            #expect(nobody.code == .unauthenticated)
            for request in [
                Tasks.MarkReadRequest(), .init(ids: ["a"], all: true),
                .init(ids: (0...200).map { "\($0)" }),
            ] {
                let error = try await refusal {
                    try await centre.notifications().markRead(request)
                }
                #expect(error.code == .invalidArgument)
            }
        }

        @Test func aSenderIsCalledForEachRecipientUntilItSucceeds() async throws {
            let sender = RecordingSender()
            let centre = try Centre(sender: sender)
            try await centre.running {
                try await post(centre, [.person("applicant"), .unit("unit-1")])
                try await eventually { sender.sent.count == 2 }
            }
            #expect(Set(sender.sent) == ["person applicant 内容", "unit unit-1 内容"])
            #expect(sender.attempts == 3, "the first one failed, and was tried again")
        }

        @Test func settingsAreChecked() throws {
            #expect(try !AggregatorSettings([:]).logsNotifications)
            #expect(try AggregatorSettings(["notification-sender": "log"]).logsNotifications)
            #expect(throws: ConfigurationError.self) {
                try AggregatorSettings(["notification-sender": "sms"])
            }
            #expect(throws: ConfigurationError.self) { try AggregatorSettings(["colour": "red"]) }
            #expect(try AggregatorSettings([:]).dueDates.workingDays == 10)
            #expect(try AggregatorSettings(["review-working-days": "5"]).dueDates.workingDays == 5)
            for wrong in ["0", "251", "five"] {
                #expect(throws: ConfigurationError.self) {
                    try AggregatorSettings(["review-working-days": wrong])
                }
            }
        }
    }
}

/// Fails once.
private final class RecordingSender: NotificationSender {
    private struct State {
        var attempts = 0
        var sent: [String] = []
    }
    private struct NotYet: Error {}

    private let state = Mutex(State())

    var attempts: Int { state.withLock { $0.attempts } }
    var sent: [String] { state.withLock { $0.sent } }

    func send(_ notification: Tasks.PostRequest, to recipient: Tasks.Mailbox) async throws {
        let isFirst = state.withLock { state in
            state.attempts += 1
            return state.attempts == 1
        }
        guard !isFirst else { throw NotYet() }
        state.withLock { $0.sent.append("\(recipient.kind) \(recipient.id) \(notification.text)") }
    }
}
