import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import TaskAggregator

extension AggregatorTests {
    /// T7: 催办, and what the task centre says of itself when tasks become overdue.
    @Suite struct ReminderTests {
        /// A task of unit-1, or of another desk, that the applicant waits for.
        private func open(
            _ centre: Centre, _ number: Int, day: String = "2022-04-18",
            desk: Tasks.Mailbox = .unit("unit-1"), applicant: String = "applicant",
            region: String = "350102", closed: Bool = false
        ) async throws {
            let task = Tasks.Task(
                id: "declaration:\(number):1", source: "declaration", kind: "declaration",
                kindLabel: "职称申报", objectID: "\(number)", title: "测试\(number)",
                applicantID: applicant, applicantName: "姣姣\(number)")
            _ = try await centre.owner("declaration-service").post(
                Tasks.PostRequest(
                    event: "declaration.changed", objectID: "\(number)",
                    atMs: try CivilDay(day).start.milliseconds + Int64(number),
                    tasks: [
                        Tasks.TaskChange(
                            kind: closed ? .closed : .opened, task: task, desk: desk,
                            region: region)
                    ]))
        }

        private func remind(_ centre: Centre, _ number: Int, by person: Person) async throws {
            _ = try await centre.tasks(person).remind(.init(taskID: "declaration:\(number):1"))
        }

        private func titles(_ centre: Centre, _ person: Person) async throws -> [String] {
            try await centre.notifications(person).list(.init()).notifications.map(\.title)
        }

        @Test func oneReminderPerTaskAndDay() async throws {
            let centre = try Centre()
            try await open(centre, 1)
            try await open(centre, 2)
            try await remind(centre, 1, by: .applicant)
            for person in [Person.applicant, .superior] {
                let again = try await refusal { try await remind(centre, 1, by: person) }
                #expect(again.code == .failedPrecondition && again.message.contains("今天"))
            }
            try await remind(centre, 2, by: .superior)
            let told = try await centre.notifications(.colleague).list(.init()).notifications
            #expect(told.map(\.title) == ["催办 职称申报", "催办 职称申报"])
            #expect(Set(told.map(\.objectID)) == ["1", "2"])
            #expect(
                told.contains { $0.text == "申报人催办：姣姣1 的职称申报“测试1”自 2022-04-18 起等待审核，请尽快办理" })
            #expect(told.contains { $0.text.hasPrefix("主管部门催办：") })
            centre.test.clock.advance(by: .seconds(86_400))
            try await remind(centre, 1, by: .applicant)
            #expect(try await titles(centre, .officer).count == 3)
        }

        @Test func whatIsNotTheirsOrNotOpenIsUnknown() async throws {
            let centre = try Centre()
            try await open(centre, 1, applicant: "somebody else", region: "350200")
            try await open(centre, 2, desk: .committee("committee-1"))
            try await open(centre, 3)
            try await open(centre, 3, closed: true)
            for (number, person) in [
                (1, Person.applicant), (1, .superior), (2, .superior), (3, .applicant),
                (9, .applicant),
            ] {
                let error = try await refusal { try await remind(centre, number, by: person) }
                #expect(error.code == .notFound, "\(number) \(person)")
            }
            try await remind(centre, 2, by: .applicant)
            #expect(try await titles(centre, .committee) == ["催办 职称申报"])
            for person in [Person.officer, .committee, .department] {
                let error = try await refusal { try await remind(centre, 2, by: person) }
                #expect(error.code == .permissionDenied)
            }
        }

        @Test func eachDeskIsToldOnceOfWhatBecomesOverdue() async throws {
            let centre = try Centre()
            // Due on 18 April, the day before today; and on the 20th.
            for number in 1...5 { try await open(centre, number, day: "2022-04-01") }
            try await open(centre, 6, day: "2022-04-01", desk: .superiors("350102"))
            try await open(centre, 7, day: "2022-04-06", desk: .committee("committee-1"))
            try await centre.running {
                try await eventually {
                    try centre.number("SELECT count(*) FROM open_tasks WHERE is_told = 0") == 1
                }
                let told = try await centre.notifications().list(.init()).notifications
                #expect(told.map(\.title) == ["逾期提醒 5 项"] && told[0].objectID.isEmpty)
                #expect(told[0].text.hasPrefix("已超过 10 个工作日未办理：姣姣1 的职称申报“测试1”、"))
                #expect(told[0].text.hasSuffix("等"))
                #expect(try await titles(centre, .superior) == ["逾期提醒 1 项"])
                #expect(try await titles(centre, .committee).isEmpty)
                centre.test.clock.advance(by: .seconds(2 * 86_400))
                try await eventually {
                    try centre.number("SELECT count(*) FROM open_tasks WHERE is_told = 0") == 0
                }
                #expect(try await titles(centre, .committee) == ["逾期提醒 1 项"])
                #expect(try await titles(centre, .officer).count == 1, "not again")
            }
        }
    }
}
