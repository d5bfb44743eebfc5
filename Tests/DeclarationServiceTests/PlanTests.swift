import Domain
import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

struct PlanTests {
    @Test func publishAndFind() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            #expect(plan.id.count == 32 && plan.levels == ["中级", "初级"])
            var other = Declaration.Plan.engineering
            other.name = "(测试) 2022年-福州中小学教师系列初级职称评审委员会"
            other.levels = ["初级"]
            other.kind = "测试"
            other.closeDay = "2022-04-18"
            harness.clock.advance(by: .seconds(1))
            let later = try await harness.plan(other)
            let reader = harness.declarations(harness.applicant(1).token)
            #expect(try await reader.getPlan(Declaration.GetPlanRequest(id: plan.id)) == plan)
            func names(_ request: Declaration.ListPlansRequest) async throws -> [String] {
                let reply = try await reader.listPlans(request)
                #expect(reply.total == Int64(reply.plans.count))
                return reply.plans.map(\.name)
            }
            let both = [later.name, plan.name]
            #expect(try await names(Declaration.ListPlansRequest()) == both)
            #expect(try await names(Declaration.ListPlansRequest(name: "工程")) == [plan.name])
            #expect(try await names(Declaration.ListPlansRequest(year: 2021)).isEmpty)
            #expect(try await names(Declaration.ListPlansRequest(level: "初级")) == both)
            #expect(try await names(Declaration.ListPlansRequest(level: "中级")) == [plan.name])
            #expect(try await names(Declaration.ListPlansRequest(kind: "测试")) == [later.name])
            #expect(
                try await names(Declaration.ListPlansRequest(openOnly: true)) == [plan.name])
            let page = try await reader.listPlans(
                Declaration.ListPlansRequest(page: Common.PageRequest(size: 1)))
            #expect(page.plans == [later] && page.total == 2)
            let next = try await reader.listPlans(
                Declaration.ListPlansRequest(
                    page: Common.PageRequest(size: 1, cursor: page.nextCursor)))
            #expect(next.plans == [plan] && next.nextCursor.isEmpty)
        }
    }

    @Test func allFaultsAreNamed() async throws {
        try await Harness.run { harness in
            let hr = harness.declarations(harness.other(.hrDepartment, region: "350000"))
            let empty = try await refusal {
                try await hr.publishPlan(Declaration.PublishPlanRequest())
            }
            #expect(empty.code == .invalidArgument)
            #expect(
                empty.fields == [
                    "plan.year", "plan.name", "plan.committee_id", "plan.committee_name",
                    "plan.levels", "plan.open_day", "plan.close_day",
                ])
            var plan = Declaration.Plan.engineering
            plan.levels = ["中级", "中级"]
            plan.series = ["炼金术"]
            plan.region = "999999"
            plan.closeDay = "2022-04-01"
            let wrong = try await refusal {
                try await hr.publishPlan(Declaration.PublishPlanRequest(plan: plan))
            }
            #expect(
                wrong.fields == ["plan.region", "plan.levels", "plan.series", "plan.close_day"])
            _ = try await harness.plan()
            #expect(try await refusal { try await harness.plan() }.code == .alreadyExists)
        }
    }

    @Test func whoPublishes() async throws {
        try await Harness.run { harness in
            let request = Declaration.PublishPlanRequest(plan: .engineering)
            for token in [
                harness.officer("陈经办"), harness.applicant(1).token, harness.other(.superior),
            ] {
                let error = try await refusal {
                    try await harness.declarations(token).publishPlan(request)
                }
                #expect(error.code == .permissionDenied)
            }
            let foreign = harness.declarations(harness.other(.committee, committee: "committee-2"))
            #expect(
                try await refusal { try await foreign.publishPlan(request) }.code
                    == .permissionDenied)
            var own = Declaration.Plan.engineering
            own.committeeID = ""
            let plan = try await foreign.publishPlan(Declaration.PublishPlanRequest(plan: own))
            #expect(plan.committeeID == "committee-2")
        }
    }

    @Test func aDepartmentPublishesForItsOwnRegion() async throws {
        try await Harness.run { harness in
            var plan = Declaration.Plan.engineering
            for (department, region) in [
                ("350200", "350100"), ("350100", "350000"), ("350100", ""), ("", "350100"),
            ] {
                plan.region = region
                let hr = harness.declarations(harness.other(.hrDepartment, region: department))
                let error = try await refusal { try await hr.publishPlan(.init(plan: plan)) }
                #expect(error.code == .permissionDenied)
            }
            plan.region = "350102"
            let hr = harness.declarations(harness.other(.hrDepartment, region: "350100"))
            #expect(try await hr.publishPlan(.init(plan: plan)).region == "350102")
        }
    }
}
