import Messages
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    /// E5: a unit is told what becomes of its records.
    @Suite struct AnnouncementTests {
        @Test func everyTransitionIsTold() async throws {
            let harness = try Harness()
            let record = try await harness.confirmed([1, 1, 1, 1])
            _ = try await harness.supplement(record.id, [(.junior, 1)])
            let new = try await harness.supersede(record.id, [2, 2, 2, 2])
            _ = try await harness.supplement(new.id, [(.junior, 1)])
            let posts = try harness.test.environment.database.announcements()
            #expect(
                posts.map(\.event) == [
                    "quota_record.confirmed", "quota_record.supplemented",
                    "quota_record.superseded", "quota_record.supplemented",
                ])
            #expect(posts.map(\.objectID) == [record.id, record.id, record.id, new.id])
            #expect(posts.allSatisfy { $0.told == ["unit:unit-1"] && $0.isWorded })
            #expect(posts.allSatisfy { !$0.actorID.isEmpty && $0.tasks.isEmpty })
            #expect(posts[2].text == "2022 年度的岗位核准信息已由人社部门更正，以第 2 版为准")
        }
    }
}
