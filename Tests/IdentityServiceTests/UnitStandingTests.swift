import Messages
import RPC
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

/// 停用 and 恢复 of a unit by the HR department of its region.
@Suite struct UnitStandingTests {
    private let harness: Harness

    init() throws { harness = try Harness() }

    private func department(
        _ region: String, isRecorded: Bool = true
    ) async throws -> Identity.IdentityClient {
        let account = try await harness.account(
            .init(
                account: "hr-\(region)", role: .hrDepartment, name: "人社\(region)",
                region: region,
                idNumber: isRecorded ? inventedNumber(birth: "19750101", sequence: 7) : ""))
        return harness.identity(account.session)
    }

    private func found(_ client: Identity.IdentityClient) async throws -> [String] {
        try await client.findUnits(.init(namePrefix: "福州市第一中学")).units.map {
            "\($0.name) \($0.suspended)"
        }
    }

    @Test func aSuspendedUnitIsClosedUntilItIsResumed() async throws {
        let unit = try await harness.activeUnit()
        let other = try await harness.activeUnit(.company)
        let applicant = try await harness.applicant(1)
        let department = try await department("350100")
        let suspended = try await department.suspendUnit(
            .init(unitID: unit.id, reason: "机构撤并"))
        #expect(suspended.id == unit.id && suspended.suspended)

        // Whoever was signed in for it is not any more; others are.
        let ended = try await refusal { try await harness.identity(unit.session).getUnit(.init()) }
        #expect(ended.code == .unauthenticated)
        _ = try await harness.identity(other.session).getUnit(.init())
        let denied = try await refusal { try await harness.signIn(.school) }
        #expect(denied.code == .permissionDenied && denied.message.contains("已停用"))
        // Nobody registers with it; its department finds it.
        let mine = harness.identity(applicant.session)
        #expect(try await found(mine).isEmpty)
        #expect(try await found(department) == ["福州市第一中学 true"])
        let refused = try await refusal { try await harness.register(applicant, with: unit.id) }
        #expect(refused.fields.contains("unit_id"))
        let again = try await refusal {
            try await department.suspendUnit(.init(unitID: unit.id, reason: "机构撤并"))
        }
        #expect(again.code == .failedPrecondition && again.message == "单位已停用，不能停用")

        let resumed = try await department.resumeUnit(.init(unitID: unit.id))
        #expect(!resumed.suspended)
        _ = try await harness.signIn(.school)
        #expect(try await found(mine) == ["福州市第一中学 false"])
        _ = try await harness.register(applicant, with: unit.id)
        let twice = try await refusal { try await department.resumeUnit(.init(unitID: unit.id)) }
        #expect(twice.code == .failedPrecondition)

        let posts = try harness.database.announcements().filter {
            $0.event.hasPrefix("unit_registration.")
        }
        #expect(
            posts.map(\.event) == ["unit_registration.suspended", "unit_registration.active"])
        #expect(
            posts.allSatisfy { $0.isWorded && $0.told == ["unit:\(unit.id)", "department:350100"] })
        let audited = """
            SELECT count(*) FROM audit
            WHERE action IN ('identity.unit.suspend', 'identity.unit.resume')
            """
        #expect(try harness.number(audited) == 2)
    }

    @Test func whoDoesItIsOnRecord() async throws {
        let unit = try await harness.activeUnit()
        let department = try await department("350100", isRecorded: false)
        let refusals = [
            try await refusal {
                try await department.suspendUnit(.init(unitID: unit.id, reason: "机构撤并"))
            },
            try await refusal { try await department.resumeUnit(.init(unitID: unit.id)) },
        ]
        #expect(refusals.map(\.code) == [.failedPrecondition, .failedPrecondition])
        #expect(refusals.map { $0.message.contains("RecordOfficer") } == [true, true])
    }

    @Test func onlyItsOwnDepartmentAndWithAReason() async throws {
        let unit = try await harness.activeUnit()
        let elsewhere = try await department("350200")
        let unknown = try await refusal {
            try await elsewhere.suspendUnit(.init(unitID: unit.id, reason: "机构撤并"))
        }
        #expect(unknown.code == .notFound)
        let blank = try await refusal {
            try await department("350100").suspendUnit(.init(unitID: unit.id))
        }
        #expect(blank.fields == ["reason"])
        _ = try await harness.identity(unit.session).getUnit(.init())
    }
}
