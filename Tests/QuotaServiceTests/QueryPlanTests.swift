import Messages
import ServiceRuntime
import TestSupport
import Testing

@testable import QuotaService

extension QuotaTests {
    @Suite struct QueryPlanTests {
        private let harness: Harness

        init() throws { harness = try Harness() }

        @Test func aPageOfRecordsSeeksInAnIndexThatHasItsOrder() throws {
            let bounds = try PageBounds(Common.PageRequest(size: 10))
            let plan = try harness.test.environment.database.queryPlan { rows in
                _ = try QuotaStore.records(unit: "unit", bounds, rows)
            }
            let index = "SEARCH records USING INDEX records_editions"
            #expect(plan == ["\(index) (unit_id=? AND (year,edition)<(?,?))"])
        }

        @Test(arguments: [("records", "form_sha256"), ("supplements", "document_sha256")])
        func theSweepSeeksThePart(table: String, column: String) throws {
            let plan = try harness.test.environment.database.queryPlan { rows in
                _ = try AttachmentPart(1).hashes(in: table, column, rows)
            }
            let index = "SEARCH \(table) USING COVERING INDEX \(table)_\(column)"
            #expect(plan == ["\(index) (\(column)>? AND \(column)<?)"])
        }
    }
}
