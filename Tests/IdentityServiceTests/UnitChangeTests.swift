import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct UnitChangeTests {
    private func department(
        _ harness: Harness, _ region: String
    ) async throws -> Identity.IdentityClient {
        harness.identity(
            try await harness.account(
                .init(
                    account: "hr-\(region)", role: .hrDepartment, name: "人社\(region)",
                    region: region, idNumber: inventedNumber(birth: "19750101", sequence: 7))
            ).session)
    }

    @Test func anApprovedRequestChangesTheUnit() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let officer = harness.identity(unit.session)
        let city = try await department(harness, "350100")
        let asked = try await officer.requestUnitChange(
            .init(nature: "10", region: "350102", reason: "机构改革"))
        #expect(asked.state == .pending && asked.stateLabel == "待处理")
        #expect(asked.natureBefore == "20" && asked.natureAfterLabel == "机关")
        #expect(asked.regionAfterLabel.hasSuffix("鼓楼区"))
        #expect(try await officer.getUnit(.init()).details?.nature == "20", "not before approval")
        #expect(try await city.listUnitChanges(.init()).changes == [asked])

        let done = try await city.decideUnitChange(.init(id: asked.id, outcome: .approved))
        #expect(done.state == .approved && done.decidedByName == "人社350100")
        let now = try await officer.getUnit(.init())
        #expect(now.details?.nature == "10" && now.summary?.region == "350102")
        #expect(now.version == 3 && now.summary?.quotaRequired == false)
        #expect(now.details?.address == Identity.UnitDetails.school.address)
        let session = try await officer.getSession(.init())
        #expect(session.unit?.administrativeLevel == "县级", "the role's scope holds at once")
        #expect(
            try harness.number(
                "SELECT count(*) FROM audit WHERE action = 'identity.unit.change_decide'") == 1)
    }

    @Test func aRefusalSaysWhyAndChangesNothing() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let officer = harness.identity(unit.session)
        let city = try await department(harness, "350100")
        let asked = try await officer.requestUnitChange(.init(nature: "10", reason: "误填"))
        let silent = try await refusal {
            try await city.decideUnitChange(.init(id: asked.id, outcome: .returned))
        }
        #expect(silent.fields == ["opinion"])
        let done = try await city.decideUnitChange(
            .init(id: asked.id, outcome: .returned, opinion: "材料不足"))
        #expect(done.state == .refused && done.opinion == "材料不足")
        #expect(try await officer.getUnit(.init()).version == 2)
        let again = try await refusal {
            try await city.decideUnitChange(.init(id: asked.id, outcome: .approved))
        }
        #expect(again.code == .failedPrecondition)
        // After the answer, the unit may ask again.
        _ = try await officer.requestUnitChange(.init(nature: "10", reason: "补充材料"))
        let list = try await officer.listUnitChanges(.init(state: .refused)).changes
        #expect(list.map(\.opinion) == ["材料不足"])
    }

    /// I10: also who works for a unit and for the department.
    @Test func nobodyDecidesOnTheOwnRequest() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let asked = try await harness.identity(unit.session).requestUnitChange(
            .init(nature: "10", reason: "机构改革"))
        func department(_ n: Int, _ idNumber: String) async throws -> Identity.IdentityClient {
            let account = Identity.CreateAccountRequest(
                account: "hr-\(n)", role: .hrDepartment, name: "陈经办", region: "350100",
                idNumber: idNumber)
            return harness.identity(try await harness.account(account).session)
        }
        let unrecorded = try await refusal {
            try await department(0, "").decideUnitChange(.init(id: asked.id, outcome: .approved))
        }
        #expect(unrecorded.code == .failedPrecondition)
        let own = try await refusal {
            try await department(1, VouchedAgent.school.idNumber)
                .decideUnitChange(.init(id: asked.id, outcome: .approved))
        }
        #expect(own.code == .permissionDenied)
        let other = try await department(2, inventedNumber(birth: "19800412", sequence: 9))
        #expect(
            try await other.decideUnitChange(.init(id: asked.id, outcome: .approved)).state
                == .approved)
    }

    @Test func oneRequestAtATime() async throws {
        let harness = try Harness()
        let officer = harness.identity(try await harness.activeUnit().session)
        _ = try await officer.requestUnitChange(.init(nature: "10", reason: "一"))
        let second = try await refusal {
            try await officer.requestUnitChange(.init(region: "350102", reason: "二"))
        }
        #expect(second.code == .failedPrecondition)
    }

    @Test(arguments: [
        (Identity.RequestUnitChangeRequest(), ["reason"]),
        (.init(reason: "无变化"), ["nature", "region"]),
        (.init(nature: "20", region: "350100", reason: "无变化"), ["nature", "region"]),
        (.init(nature: "99", region: "999999", reason: "x"), ["nature", "region"]),
        (.init(region: "350527", reason: "x"), ["region"]),
        (.init(nature: "10", reason: String(repeating: "长", count: 501)), ["reason"]),
    ])
    func faultsAreNamed(
        _ request: Identity.RequestUnitChangeRequest, _ fields: [String]
    ) async throws {
        let harness = try Harness()
        let officer = harness.identity(try await harness.activeUnit().session)
        #expect(try await refusal { try await officer.requestUnitChange(request) }.fields == fields)
        #expect(try harness.number("SELECT count(*) FROM unit_changes") == 0)
    }

    /// Who decides looks after the unit before and afterwards.
    @Test func theDepartmentMustHoldBothRegions() async throws {
        let harness = try Harness()
        let officer = harness.identity(try await harness.activeUnit().session)
        let (province, fuzhou, xiamen) = (
            try await department(harness, "350000"), try await department(harness, "350100"),
            try await department(harness, "350200")
        )
        let asked = try await officer.requestUnitChange(.init(region: "350200", reason: "搬迁"))
        for client in [fuzhou, xiamen] {
            #expect(try await client.listUnitChanges(.init()).changes.isEmpty)
            for id in [asked.id, "00000000000000000000000000000000"] {
                let error = try await refusal {
                    try await client.decideUnitChange(.init(id: id, outcome: .approved))
                }
                #expect(error.code == .notFound && error.message == "变更申请不存在")
            }
        }
        #expect(try await province.listUnitChanges(.init()).changes.map(\.id) == [asked.id])
        _ = try await province.decideUnitChange(.init(id: asked.id, outcome: .approved))
        #expect(try await officer.getUnit(.init()).summary?.region == "350200")
    }

    @Test(arguments: [
        ("350102", "350102", "350102"), ("350100", "350102", "350100"),
        ("350102", "350103", "350100"), ("350102", "350200", "350000"),
        ("350100", "350000", "350000"), ("350000", "350102", "350000"),
    ])
    func scopes(_ first: String, _ second: String, _ scope: String) {
        #expect(RequestUnitChange.scope(first, second) == scope)
    }

    @Test func aForeignUnitSeesNothing() async throws {
        let harness = try Harness()
        let officer = harness.identity(try await harness.activeUnit().session)
        _ = try await officer.requestUnitChange(.init(nature: "10", reason: "一"))
        let company = harness.identity(try await harness.activeUnit(.company).session)
        #expect(try await company.listUnitChanges(.init()).changes.isEmpty)
    }

    @Test func theListGoesPageByPage() async throws {
        let harness = try Harness()
        let officer = harness.identity(try await harness.activeUnit().session)
        let city = try await department(harness, "350100")
        var made: [String] = []
        for number in 1...5 {
            let asked = try await officer.requestUnitChange(
                .init(nature: "10", reason: "第\(number)次"))
            made.append(asked.id)
            _ = try await city.decideUnitChange(
                .init(id: asked.id, outcome: .returned, opinion: "不同意"))
        }
        for client in [officer, city] {
            var seen: [String] = []
            var cursor: [UInt8] = []
            repeat {
                let page = try await client.listUnitChanges(
                    .init(page: .init(size: 2, cursor: cursor)))
                seen += page.changes.map(\.id)
                cursor = page.nextCursor
            } while !cursor.isEmpty
            #expect(seen.count == 5 && Set(seen) == Set(made))
        }
    }
}
