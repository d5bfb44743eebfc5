import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct UnitFormTests {
    private func faults(_ change: (inout Identity.UnitDetails) -> Void) -> [String] {
        var details = Identity.UnitDetails.school
        change(&details)
        var check = FormCheck()
        _ = UnitForm(details, &check)
        return check.faults.map { "\($0.field) \($0.label)" }
    }

    @Test func theManualsUnitIsFine() {
        #expect(faults { _ in }.isEmpty)
    }

    @Test func anEmptyFormNamesAllSevenRequiredFields() {
        #expect(
            faults { $0 = Identity.UnitDetails() } == [
                "details.legal_representative_phone 法定代表人电话", "details.address 单位通讯地址",
                "details.contact_name 单位联系人", "details.contact_phone 手机号码",
                "details.nature 单位性质", "details.email 电子邮箱", "details.region 属地",
            ])
    }

    @Test func everyFaultIsNamedAtOnce() {
        let named = faults {
            $0.contactPhone = "0591-87654321"
            $0.email = "office@"
            $0.nature = "99"
            $0.region = "350527"
            $0.fax = "123"
            $0.licenseDay = "2022-02-30"
            $0.licenseYears = "0"
            $0.industryCode = String(repeating: "x", count: 101)
            $0.address = "a\u{0}b"
        }
        #expect(
            named.map { $0.split(separator: " ")[0] } == [
                "details.address", "details.contact_phone", "details.nature", "details.email",
                "details.region", "details.fax", "details.industry_code", "details.license_day",
                "details.license_years",
            ])
    }

    @Test(arguments: ["350000", "350100", "350102"])
    func anyLevelOfTheRegionsMayBeSelected(_ region: String) {
        #expect(faults { $0.region = region }.isEmpty)
    }
}

@Suite struct UnitTests {
    @Test func aSubmittedUnitIsActive() async throws {
        let harness = try Harness()
        let session = try await harness.signIn(.school).session
        let unit = try await harness.identity(session).submitUnit(
            Identity.SubmitUnitRequest(details: .school))
        #expect(unit.state == "active" && unit.version == 2)
        #expect(unit.details == .school)
        #expect(unit.summary?.natureLabel == "事业单位" && unit.summary?.quotaRequired == true)
        #expect(try await harness.identity(session).getUnit(Identity.GetUnitRequest()) == unit)
        let user = try await harness.identity(session).getSession(Identity.GetSessionRequest())
        #expect(!user.mustSubmitUnit)
        let again = try await refusal {
            try await harness.identity(session).submitUnit(
                Identity.SubmitUnitRequest(details: .school))
        }
        #expect(again.code == .failedPrecondition)
    }

    @Test func aRepeatedSubmissionGetsTheSameAnswer() async throws {
        let harness = try Harness()
        let session = try await harness.signIn(.school).session
        var options = CallOptions()
        options.idempotencyKey = .random()
        let request = Identity.SubmitUnitRequest(details: .school)
        let first = try await harness.identity(session).submitUnit(request, options: options)
        let second = try await harness.identity(session).submitUnit(request, options: options)
        #expect(first == second)
        var other = request
        other.details?.contactPhone = "13911112223"
        let refused = try await refusal {
            try await harness.identity(session).submitUnit(other, options: options)
        }
        #expect(refused.verdict == .never)
        #expect(
            try await harness.identity(session).getUnit(Identity.GetUnitRequest()).version == 2)
    }

    @Test func savingKeepsNatureAndRegionLocked() async throws {
        let harness = try Harness()
        let session = try await harness.activeUnit().session
        var details = Identity.UnitDetails.school
        details.address = "福州市仓山区新校区"
        details.nature = "10"
        details.region = "350102"
        let locked = try await refusal {
            try await harness.identity(session).saveUnit(
                Identity.SaveUnitRequest(details: details, expectedVersion: 2))
        }
        #expect(locked.fields == ["details.nature", "details.region"])
        details.nature = ""
        details.region = "350100"
        let saved = try await harness.identity(session).saveUnit(
            Identity.SaveUnitRequest(details: details, expectedVersion: 2))
        #expect(saved.version == 3 && saved.details?.address == "福州市仓山区新校区")
        #expect(saved.details?.nature == "20")
        let stale = try await refusal {
            try await harness.identity(session).saveUnit(
                Identity.SaveUnitRequest(details: details, expectedVersion: 2))
        }
        #expect(stale.code == .aborted)
        #expect(
            try stale.details.first?.decode(as: Common.VersionFacts.self)?.currentVersion == 3)
    }

    @Test func reviewersDoNotChangeTheUnit() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let reviewer = try await harness.account(
            Identity.CreateAccountRequest(
                account: "reviewer-1", role: .unitReviewer, unitID: unit.id))
        let error = try await refusal {
            try await harness.identity(reviewer.session).saveUnit(
                Identity.SaveUnitRequest(details: .school, expectedVersion: 2))
        }
        #expect(error.code == .permissionDenied)
        #expect(
            try await harness.identity(reviewer.session).getUnit(Identity.GetUnitRequest()).version
                == 2)
    }

    @Test func unitsAreFoundByTheBeginningOfTheirName() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        _ = try await harness.activeUnit(.company)
        let applicant = try await harness.applicant(1)
        func names(_ prefix: String) async throws -> [String] {
            try await harness.identity(applicant.session).findUnits(
                Identity.FindUnitsRequest(namePrefix: prefix)
            ).units.map(\.name)
        }
        #expect(try await names("福州") == ["福州市第一中学", "福州演示工程有限公司"])
        #expect(try await names("福州市") == ["福州市第一中学"])
        #expect(try await names("第一").isEmpty)
        #expect(try await refusal { try await names(" ") }.fields == ["name_prefix"])
        let described = try await harness.service.describeUnit(
            Identity.DescribeUnitRequest(unitID: school.id))
        #expect(described.name == "福州市第一中学" && described.region == "350100")
        #expect(
            try await refusal {
                try await harness.service.describeUnit(Identity.DescribeUnitRequest(unitID: "x"))
            }.code == .notFound)
    }

    @Test func anIncompleteUnitIsNotFound() async throws {
        let harness = try Harness()
        _ = try await harness.signIn(.school)
        let applicant = try await harness.applicant(1)
        let found = try await harness.identity(applicant.session).findUnits(
            Identity.FindUnitsRequest(namePrefix: "福州"))
        #expect(found.units.isEmpty)
    }
}

@Suite struct AccountTests {
    @Test func departmentsLookAfterTheirOwnRegionOnly() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let inside = try await harness.account(
            Identity.CreateAccountRequest(
                account: "hr-fuzhou", role: .hrDepartment, name: "福州人社", region: "350100"))
        let outside = try await harness.account(
            Identity.CreateAccountRequest(
                account: "hr-xiamen", role: .hrDepartment, name: "厦门人社", region: "350200"))
        let request = Identity.CreateAccountRequest(
            account: "reviewer-2", role: .unitReviewer, unitID: school.id)
        #expect(
            try await refusal { try await harness.identity(outside.session).createAccount(request) }
                .code == .notFound)
        _ = try await harness.identity(inside.session).createAccount(request)
        let reset = Identity.ResetPasswordRequest(account: "reviewer-2")
        #expect(
            try await refusal { try await harness.identity(outside.session).resetPassword(reset) }
                .code == .notFound)
        _ = try await harness.identity(inside.session).resetPassword(reset)
        let another = try await refusal {
            try await harness.identity(inside.session).createAccount(
                Identity.CreateAccountRequest(
                    account: "hr-other", role: .hrDepartment, name: "别处人社", region: "350100"))
        }
        #expect(another.code == .permissionDenied)
    }

    @Test func anOfficerIsRecordedOnce() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let reviewer = try await harness.account(
            Identity.CreateAccountRequest(
                account: "reviewer-1", role: .unitReviewer, unitID: unit.id))
        let client = harness.identity(reviewer.session)
        #expect(try await client.getSession(Identity.GetSessionRequest()).mustRecordOfficer)
        let faults = try await refusal {
            try await client.recordOfficer(
                Identity.RecordOfficerRequest(name: " ", idNumber: "350199198004120013"))
        }
        #expect(faults.fields == ["name", "id_number"])
        let record = Identity.RecordOfficerRequest(
            name: "林审核", idNumber: inventedNumber(birth: "19800412", sequence: 1))
        _ = try await client.recordOfficer(record)
        _ = try await client.recordOfficer(record)
        let user = try await client.getSession(Identity.GetSessionRequest())
        #expect(!user.mustRecordOfficer && user.name == "林审核")
        let other = try await refusal {
            try await client.recordOfficer(
                Identity.RecordOfficerRequest(
                    name: "林审核", idNumber: inventedNumber(birth: "19800412", sequence: 3)))
        }
        #expect(other.code == .failedPrecondition)
    }

    @Test func anApplicantHasOneAccount() async throws {
        let harness = try Harness()
        let person = try await harness.applicant(1)
        let again = try await refusal {
            try await harness.operator_.createAccount(
                Identity.CreateAccountRequest(
                    account: "person-1b", role: .applicant, name: "姣姣1", idNumber: person.number,
                    phone: person.phone))
        }
        #expect(again.code == .alreadyExists)
    }

    @Test(arguments: [
        (
            Identity.CreateAccountRequest(account: "abc", role: .applicant),
            ["account", "name", "phone", "id_number"]
        ),
        (
            Identity.CreateAccountRequest(
                account: "hr-1", role: .hrDepartment, name: "某", region: "999999"), ["region"]
        ),
        (Identity.CreateAccountRequest(account: "sup-1", role: .superior, name: "某"), ["region"]),
        (
            Identity.CreateAccountRequest(account: "com-1", role: .committee, name: "某"),
            ["committee_id"]
        ),
        (Identity.CreateAccountRequest(account: "off-1", role: .unitReviewer), ["unit_id"]),
        (Identity.CreateAccountRequest(account: "none"), ["role"]),
    ])
    func faultsAreNamed(_ request: Identity.CreateAccountRequest, _ fields: [String]) async throws {
        let harness = try Harness()
        let error = try await refusal { try await harness.operator_.createAccount(request) }
        #expect(error.fields == fields)
    }
}
