import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

/// Persons from a spreadsheet: every fault by row and column, then all rows or none (E2).
@Suite struct PersonImportTests {
    private let harness: Harness
    private static let fields = [
        "name", "sex", "id_number", "phone", "political_status", "email",
    ]

    init() throws { harness = try Harness() }

    private func row(_ number: Int, sex: String = "女", phone: String? = nil) -> Common.ImportRow {
        let id = inventedNumber(birth: "19900307", sequence: 2 * number)
        let digits = "\(10_000 + number)".dropFirst()
        return Common.ImportRow(cells: [
            "导入\(number)", sex, id, phone ?? "1381000\(digits)", "群众", "p\(number)@example.org",
        ])
    }

    private func request(
        _ rows: [Common.ImportRow], checkOnly: Bool = false
    ) -> Identity.ImportPersonsRequest {
        Identity.ImportPersonsRequest(fields: Self.fields, rows: rows, checkOnly: checkOnly)
    }

    @Test func allRowsWaitForTheReview() async throws {
        let unit = try await harness.activeUnit()
        let rows = (1...150).map { row($0) }
        let client = harness.identity(unit.session)
        let checked = try await client.importPersons(request(rows, checkOnly: true))
        #expect(checked.imported == 0 && checked.faults.isEmpty)
        #expect(try harness.number("SELECT count(*) FROM registrations") == 0)
        let key = IdempotencyKey.random()
        var options = CallOptions()
        options.idempotencyKey = key
        for _ in 1...2 {
            #expect(try await client.importPersons(request(rows), options: options).imported == 150)
        }
        let list = try await client.listRegistrations(.init())
        #expect(list.total == 150)
        #expect(list.registrations.allSatisfy { $0.state == .reviewing })
        #expect(try await harness.tasks(unit.session).count(.init()).pending == 150)
        let found = try await client.listRegistrations(
            .init(search: inventedNumber(birth: "19900307", sequence: 14)))
        #expect(found.registrations.map(\.name) == ["导入7"])
    }

    @Test func everyFaultIsNamedAndNothingKept() async throws {
        let unit = try await harness.activeUnit()
        let client = harness.identity(unit.session)
        _ = try await harness.register(try await harness.applicant(9), with: unit.id)
        let rows = [
            row(1), row(2, sex: "男"), row(3, phone: "12"), row(1), row(9),
            Common.ImportRow(cells: ["缺"]),
        ]
        let faults = try await client.importPersons(request(rows, checkOnly: true)).faults
        #expect(
            faults.map { "\($0.row).\($0.field)" } == [
                "2.sex", "3.phone", "4.id_number", "5.id_number", "6.sex", "6.id_number",
                "6.phone", "6.political_status", "6.email",
            ])
        let refused = try await refusal { try await client.importPersons(request(rows)) }
        #expect(refused.code == .invalidArgument)
        #expect(refused.fields.first == "rows[1].sex")
        #expect(try harness.number("SELECT count(*) FROM registrations") == 1)
    }

    @Test func requestsThatAreNoSheetAreRefused() async throws {
        let unit = try await harness.activeUnit()
        let client = harness.identity(unit.session)
        let bad = [
            Identity.ImportPersonsRequest(fields: Self.fields),
            Identity.ImportPersonsRequest(fields: [], rows: [row(1)]),
            Identity.ImportPersonsRequest(fields: ["name", "name"], rows: [row(1)]),
            Identity.ImportPersonsRequest(fields: ["password"], rows: [row(1)]),
            Identity.ImportPersonsRequest(
                fields: Self.fields, rows: (0...PersonSheet.mostRows).map { _ in row(1) }),
        ]
        for request in bad {
            #expect(
                try await refusal { try await client.importPersons(request) }.code
                    == .invalidArgument)
        }
        let applicant = try await harness.applicant(1)
        #expect(
            try await refusal {
                try await harness.identity(applicant.session).importPersons(request([row(2)]))
            }.code == .permissionDenied)
    }

    @Test func whoWasImportedGetsAnAccountForIt() async throws {
        let unit = try await harness.activeUnit()
        _ = try await harness.identity(unit.session).importPersons(request([row(1)]))
        let account = Identity.CreateAccountRequest(
            account: "imported-1", role: .applicant, name: "导入1",
            idNumber: inventedNumber(birth: "19900307", sequence: 2), phone: "13810000001")
        var other = account
        other.name = "别人"
        #expect(
            try await refusal { try await harness.operator_.createAccount(other) }.code
                == .failedPrecondition)
        let made = try await harness.account(account)
        let own = try await harness.identity(made.session).getRegistration(.init())
        #expect(own.name == "导入1" && own.personID == made.personID)
        var again = account
        again.account = "imported-2"
        #expect(
            try await refusal { try await harness.operator_.createAccount(again) }.code
                == .alreadyExists)
    }
    /// Whoever knows a person's name and number does not get into the account by that.
    @Test func onlyTheRegionsDepartmentMakesTheAccountOfWhoWasImported() async throws {
        let unit = try await harness.activeUnit()
        _ = try await harness.identity(unit.session).importPersons(request([row(1)]))
        func department(_ region: String) async throws -> Identity.IdentityClient {
            let account = Identity.CreateAccountRequest(
                account: "hr-\(region)", role: .hrDepartment, name: "人社", region: region)
            return harness.identity(try await harness.account(account).session)
        }
        let account = Identity.CreateAccountRequest(
            account: "imported-1", role: .applicant, name: "导入1",
            idNumber: inventedNumber(birth: "19900307", sequence: 2), phone: "13810000001")
        var other = account
        other.name = "别人"
        let xiamen = try await department("350200")
        let named = try await refusal { try await xiamen.createAccount(account) }
        let misnamed = try await refusal { try await xiamen.createAccount(other) }
        #expect(named.code == .failedPrecondition)
        #expect(named.message == misnamed.message, "it does not tell whose number it is")
        let fuzhou = try await department("350100")
        _ = try await fuzhou.createAccount(account)
        var again = account
        again.account = "imported-2"
        let used = try await refusal { try await xiamen.createAccount(again) }
        #expect(used.code == named.code && used.message == named.message)
        #expect(try await refusal { try await fuzhou.createAccount(again) }.code == .alreadyExists)
        // Somebody whom nobody knows yet.
        var new = account
        (new.account, new.idNumber) = (
            "new-1", inventedNumber(birth: "19900307", sequence: 4)
        )
        _ = try await xiamen.createAccount(new)
        // Has an account and no unit: nobody's department yet.
        new.account = "new-2"
        #expect(try await refusal { try await xiamen.createAccount(new) }.message == named.message)
    }
}
