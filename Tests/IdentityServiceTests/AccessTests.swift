import Domain
import Foundation
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct AccessTests {
    /// Calls a method with an empty request; nil when it was admitted and answered.
    private func code(
        _ harness: Harness, _ method: Identity.IdentityMethod, _ session: [UInt8]?, _ peer: String?
    ) async -> RPCCode? {
        let client = harness.identity(session, as: peer)
        do {
            switch method {
            case .beginLogin: _ = try await client.beginLogin(.init())
            case .completeLogin: _ = try await client.completeLogin(.init())
            case .signIn: _ = try await client.signIn(.init())
            case .changePassword: _ = try await client.changePassword(.init())
            case .signOut: _ = try await client.signOut(.init())
            case .getSession: _ = try await client.getSession(.init())
            case .resolveSession: _ = try await client.resolveSession(.init())
            case .watchRevocations:
                try await client.watchRevocations { _, revocations in
                    for try await _ in revocations { break }
                }
            case .submitUnit: _ = try await client.submitUnit(.init())
            case .getUnit: _ = try await client.getUnit(.init())
            case .saveUnit: _ = try await client.saveUnit(.init())
            case .describeUnit: _ = try await client.describeUnit(.init())
            case .findUnits: _ = try await client.findUnits(.init())
            case .createBuiltInUnit: _ = try await client.createBuiltInUnit(.init())
            case .createAccount: _ = try await client.createAccount(.init())
            case .resetPassword: _ = try await client.resetPassword(.init())
            case .recordOfficer: _ = try await client.recordOfficer(.init())
            case .listOfficers: _ = try await client.listOfficers(.init())
            case .changeOfficer: _ = try await client.changeOfficer(.init())
            case .removeOfficer: _ = try await client.removeOfficer(.init())
            case .handOver: _ = try await client.handOver(.init())
            case .requestUnitChange: _ = try await client.requestUnitChange(.init())
            case .listUnitChanges: _ = try await client.listUnitChanges(.init())
            case .decideUnitChange: _ = try await client.decideUnitChange(.init())
            case .suspendUnit: _ = try await client.suspendUnit(.init())
            case .mergeUnit: _ = try await client.mergeUnit(.init())
            case .resumeUnit: _ = try await client.resumeUnit(.init())
            case .registerPerson: _ = try await client.registerPerson(.init())
            case .transferPerson: _ = try await client.transferPerson(.init())
            case .cancelRegistration: _ = try await client.cancelRegistration(.init())
            case .disablePerson: _ = try await client.disablePerson(.init())
            case .listRegistrations: _ = try await client.listRegistrations(.init())
            case .getRegistration: _ = try await client.getRegistration(.init())
            case .describePerson: _ = try await client.describePerson(.init())
            case .importPersons: _ = try await client.importPersons(.init())
            case .revealPerson: _ = try await client.revealPerson(.init())
            case .listReveals: _ = try await client.listReveals(.init())
            }
            return nil
        } catch {
            return (error as? RPCError)?.code
        }
    }

    @Test func strangersReachOnlyTheDoors() async throws {
        let harness = try Harness()
        for method in Identity.IdentityMethod.allCases {
            let code = await code(harness, method, nil, nil)
            switch method {
            case .beginLogin: #expect(code == .invalidArgument)
            case .completeLogin, .signIn: #expect(code == .unauthenticated)
            case .resolveSession, .watchRevocations, .describeUnit, .describePerson:
                #expect(code == .permissionDenied, "\(method)")
            default: #expect(code == .unauthenticated, "\(method)")
            }
        }
    }

    @Test func eachRoleReachesItsOwnMethods() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let reviewer = try await harness.account(
            .init(account: "reviewer-1", role: .unitReviewer, unitID: unit.id)
        ).session
        let applicant = try await harness.applicant(1).session
        let department = try await harness.account(
            .init(account: "hr-fuzhou", role: .hrDepartment, name: "人社", region: "350100")
        ).session
        let superior = try await harness.account(
            .init(account: "superior-1", role: .superior, name: "主管", region: "350100")
        ).session
        let committee = try await harness.account(
            .init(account: "committee-1", role: .committee, name: "评委会", committeeID: "c1")
        ).session
        let everybody: Set<String> = [
            "beginLogin", "completeLogin", "signIn", "changePassword", "getSession", "findUnits",
        ]
        let officers = everybody.union([
            "getUnit", "recordOfficer", "listRegistrations", "getRegistration", "listOfficers",
            "listUnitChanges", "revealPerson",
        ])
        let looksAfterOfficers: Set<String> = [
            "createAccount", "listOfficers", "changeOfficer", "removeOfficer", "handOver",
        ]
        let cells: [(name: String, session: [UInt8], may: Set<String>)] = [
            (
                "administrator", unit.session,
                officers.union(looksAfterOfficers).union([
                    "submitUnit", "saveUnit", "requestUnitChange", "disablePerson",
                    "importPersons",
                ])
            ),
            ("reviewer", reviewer, officers),
            (
                "applicant", applicant,
                everybody.union([
                    "registerPerson", "getRegistration", "transferPerson", "cancelRegistration",
                    "listReveals",
                ])
            ),
            (
                "department", department,
                everybody.union(looksAfterOfficers).union([
                    "createBuiltInUnit", "resetPassword", "recordOfficer", "listUnitChanges",
                    "decideUnitChange", "suspendUnit", "resumeUnit", "mergeUnit",
                ])
            ),
            ("superior", superior, everybody.union(["recordOfficer", "getRegistration"])),
            ("committee", committee, everybody.union(["recordOfficer"])),
        ]
        for cell in cells {
            for method in Identity.IdentityMethod.allCases where method != .signOut {
                let code = await code(harness, method, cell.session, nil)
                #expect(
                    (code != .permissionDenied) == cell.may.contains("\(method)"),
                    "\(cell.name) \(method): \(String(describing: code))")
            }
            let tasks = Tasks.TaskSourceClient(harness.channel(cell.session))
            var isDenied = false
            do { _ = try await tasks.list(.init()) } catch {
                isDenied = error.code == .permissionDenied
            }
            #expect(
                isDenied == !["administrator", "reviewer", "superior"].contains(cell.name))
        }
    }

    @Test func servicesReachWhatIsForServices() async throws {
        let harness = try Harness()
        for method in Identity.IdentityMethod.allCases {
            let isOurs = [.resolveSession, .describeUnit, .describePerson].contains(method)
            let code = await code(harness, method, nil, "archive-service")
            if method == .watchRevocations {
                #expect(code == nil)
            } else if isOurs {
                #expect(code == .notFound || code == .unauthenticated, "\(method)")
            } else if ![.beginLogin, .completeLogin, .signIn].contains(method) {
                #expect(code == .unauthenticated, "\(method)")
            }
        }
    }
}

@Suite struct SecrecyTests {
    /// Every file of the database, as the operating system has it.
    private func bytes(_ harness: Harness) throws -> Data {
        let folder = URL(fileURLWithPath: harness.test.databasePath).deletingLastPathComponent()
        var all = Data()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
            let file = folder.appendingPathComponent(name)
            if let content = try? Data(contentsOf: file) { all += content }
        }
        return all
    }

    @Test func noNumberAndNoPasswordIsStoredInClear() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: unit.id)
        _ = try await harness.decide(registration, .approved, by: unit.session)
        _ = try await harness.identity(unit.session).revealPerson(
            .init(registrationID: registration.id, reason: "核对证件"))
        let imported = inventedNumber(birth: "19900307", sequence: 80)
        _ = try await harness.identity(unit.session).importPersons(
            .init(
                fields: ["name", "sex", "id_number", "phone", "political_status", "email"],
                rows: [
                    .init(cells: [
                        "导入", "女", imported, "13966667777", "群众", "i@example.org",
                    ])
                ]))
        let reviewer = try await harness.account(
            .init(account: "reviewer-1", role: .unitReviewer, unitID: unit.id))
        let recorded = inventedNumber(birth: "19800412", sequence: 1)
        _ = try await harness.identity(reviewer.session).recordOfficer(
            .init(name: "林审核", idNumber: recorded))
        var details = Identity.UnitDetails.school
        details.contactPhone = "13977778888"
        _ = try await harness.identity(unit.session).saveUnit(
            .init(details: details, expectedVersion: 2))

        let stored = try bytes(harness)
        // What must be there proves that the scan sees the rows.
        #expect(stored.range(of: Data("福州市第一中学".utf8)) != nil)
        #expect(stored.range(of: Data("a@example.org".utf8)) != nil)
        let secrets = [
            person.number, person.phone, recorded, imported, "13966667777",
            VouchedAgent.school.idNumber,
            VouchedAgent.school.legalRepresentativeIDNumber, VouchedAgent.school.phone,
            "13911112222", "13977778888", "0591-87654321", person.account.password,
        ]
        for secret in secrets {
            #expect(stored.range(of: Data(secret.utf8)) == nil, "\(secret) is in the files")
        }
        #expect(stored.range(of: Data(unit.session)) == nil)
    }
}
