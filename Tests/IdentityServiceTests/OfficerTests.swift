import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct OfficerTests {
    /// A unit with its agent from 闽政通 and a reviewer with an account, both on record.
    private struct Office {
        let harness: Harness
        let unit: String
        let agent: Person
        let reviewer: Person

        struct Person {
            let session: [UInt8]
            let id: String
        }

        init() async throws {
            harness = try Harness()
            let active = try await harness.activeUnit()
            unit = active.id
            let user = try await harness.identity(active.session).getSession(.init())
            agent = Person(session: active.session, id: user.personID)
            let account = try await harness.account(
                .init(
                    account: "reviewer-1", role: .unitReviewer, name: "林审核",
                    idNumber: inventedNumber(birth: "19800412", sequence: 1), unitID: active.id))
            reviewer = Person(session: account.session, id: account.personID)
        }

        var administrator: Identity.IdentityClient { harness.identity(agent.session) }

        func isSignedIn(_ person: Person) async throws -> Bool {
            do {
                _ = try await harness.identity(person.session).getSession(.init())
                return true
            } catch  where error.code == .unauthenticated {
                return false
            }
        }

        func department(_ region: String) async throws -> Identity.IdentityClient {
            harness.identity(
                try await harness.account(
                    .init(
                        account: "hr-\(region)", role: .hrDepartment, name: "人社", region: region)
                ).session)
        }
    }

    @Test func theListShowsWhoIsThereAndWhoLeft() async throws {
        let office = try await Office()
        let first = try await office.administrator.listOfficers(.init()).officers
        #expect(Set(first.map(\.personID)) == [office.agent.id, office.reviewer.id])
        #expect(first.allSatisfy { $0.active && $0.recorded })
        #expect(first.first { $0.personID == office.reviewer.id }?.account == "reviewer-1")
        _ = try await office.administrator.removeOfficer(.init(personID: office.reviewer.id))
        let second = try await office.harness.operator_.listOfficers(.init(unitID: office.unit))
        #expect(second.officers.map(\.active) == [true, false])
        #expect(second.officers.last?.personID == office.reviewer.id)
    }

    @Test func anAdministratorAddsOfficersOfTheOwnUnitOnly() async throws {
        let office = try await Office()
        let company = try await office.harness.activeUnit(.company)
        let made = try await office.administrator.createAccount(
            .init(account: "reviewer-2", role: .unitReviewer))
        #expect(made.unitID == office.unit && !made.initialPassword.isEmpty)
        #expect(try await office.administrator.listOfficers(.init()).officers.count == 3)
        let foreign = try await refusal {
            try await office.administrator.createAccount(
                .init(account: "reviewer-3", role: .unitReviewer, unitID: company.id))
        }
        let unknown = try await refusal {
            try await office.administrator.createAccount(
                .init(account: "reviewer-3", role: .unitReviewer, unitID: "0"))
        }
        #expect(foreign.code == .notFound && foreign.message == unknown.message)
        for request in [
            Identity.CreateAccountRequest(
                account: "hr-1234", role: .hrDepartment, name: "人社", region: "350100"),
            .init(
                account: "person-9", role: .applicant, name: "姣姣9",
                idNumber: inventedNumber(birth: "19900307", sequence: 90), phone: "13810000090"),
            .init(account: "superior-9", role: .superior, name: "主管", region: "350100"),
        ] {
            let error = try await refusal {
                try await office.administrator.createAccount(request)
            }
            #expect(error.code == .permissionDenied)
        }
    }

    @Test func aRemovedOfficerIsOutAtOnce() async throws {
        let office = try await Office()
        #expect(try await office.isSignedIn(office.reviewer))
        let removed = try await office.administrator.removeOfficer(
            .init(personID: office.reviewer.id))
        #expect(!removed.active)
        #expect(try await !office.isSignedIn(office.reviewer))
        let service = try await refusal {
            try await office.harness.service.resolveSession(
                .init(session: office.reviewer.session))
        }
        #expect(service.code == .unauthenticated)
        let back = try await refusal {
            try await office.harness.identity().signIn(
                .init(account: "reviewer-1", password: "Password-10-2022"))
        }
        #expect(back.code == .permissionDenied && back.message.contains("移除"))
        let again = try await refusal {
            try await office.administrator.removeOfficer(.init(personID: office.reviewer.id))
        }
        #expect(again.code == .failedPrecondition)
        // Brought back, the same account signs in again.
        _ = try await office.administrator.changeOfficer(
            .init(personID: office.reviewer.id, role: .unitReviewer))
        _ = try await office.harness.identity().signIn(
            .init(account: "reviewer-1", password: "Password-10-2022"))
    }

    @Test func aRoleHoldsAtOnce() async throws {
        let office = try await Office()
        let reviewer = office.harness.identity(office.reviewer.session)
        #expect(
            try await refusal {
                try await reviewer.removeOfficer(.init(personID: office.agent.id))
            }.code == .permissionDenied)
        _ = try await office.administrator.changeOfficer(
            .init(personID: office.reviewer.id, role: .unitAdministrator))
        #expect(try await reviewer.getSession(.init()).role == .unitAdministrator)
        // Now there are two: one may go, and the other stays.
        _ = try await reviewer.changeOfficer(
            .init(personID: office.agent.id, role: .unitReviewer))
        #expect(try await office.administrator.getSession(.init()).role == .unitReviewer)
    }

    @Test func theLastAdministratorStays() async throws {
        let office = try await Office()
        let department = try await office.department("350100")
        for client in [office.administrator, department] {
            let removal = try await refusal {
                try await client.removeOfficer(
                    .init(unitID: office.unit, personID: office.agent.id))
            }
            #expect(removal.code == .failedPrecondition && removal.message.contains("管理员"))
        }
        let demotion = try await refusal {
            try await office.administrator.changeOfficer(
                .init(personID: office.agent.id, role: .unitReviewer))
        }
        #expect(demotion.code == .failedPrecondition)
        #expect(try await office.isSignedIn(office.agent))
    }

    @Test func theSuccessorTakesOverInOneStep() async throws {
        let office = try await Office()
        let taken = try await office.administrator.handOver(
            .init(leavingID: office.agent.id, successorID: office.reviewer.id))
        #expect(taken.personID == office.reviewer.id && taken.role == .unitAdministrator)
        #expect(try await !office.isSignedIn(office.agent))
        #expect(try await office.isSignedIn(office.reviewer))
        let refused = try await refusal { try await office.harness.signIn(.school) }
        #expect(refused.code == .permissionDenied)
        #expect(
            try office.harness.number(
                "SELECT count(*) FROM officers WHERE active = 1 AND role = 1") == 1)
    }

    @Test func onlyAKnownPersonTakesOver() async throws {
        let office = try await Office()
        let unrecorded = try await office.harness.account(
            .init(account: "reviewer-22", role: .unitReviewer, unitID: office.unit))
        func handOver(_ successor: String) async throws -> RPCError {
            try await refusal {
                try await office.administrator.handOver(
                    .init(leavingID: office.agent.id, successorID: successor))
            }
        }
        #expect(try await handOver(unrecorded.personID).code == .failedPrecondition)
        #expect(try await handOver(office.agent.id).fields == ["successor_id"])
        #expect(try await handOver("0").code == .notFound)
        #expect(try await office.isSignedIn(office.agent))
    }

    @Test func aDepartmentReachesItsRegionOnly() async throws {
        let office = try await Office()
        let inside = try await office.department("350000")
        let outside = try await office.department("350200")
        for unit in [office.unit, "0"] {
            let list = try await refusal { try await outside.listOfficers(.init(unitID: unit)) }
            let hand = try await refusal {
                try await outside.handOver(
                    .init(
                        unitID: unit, leavingID: office.agent.id,
                        successorID: office.reviewer.id))
            }
            #expect(list.code == .notFound && hand.code == .notFound)
            #expect(list.message == hand.message)
        }
        #expect(try await refusal { try await inside.listOfficers(.init()) }.fields == ["unit_id"])
        _ = try await inside.handOver(
            .init(
                unitID: office.unit, leavingID: office.agent.id, successorID: office.reviewer.id))
        #expect(try await !office.isSignedIn(office.agent))
    }

    @Test func foreignOfficersAnswerAsUnknownOnes() async throws {
        let office = try await Office()
        let company = try await office.harness.activeUnit(.company)
        let stranger = office.harness.identity(company.session)
        for person in [office.reviewer.id, "0"] {
            let error = try await refusal {
                try await stranger.removeOfficer(.init(personID: person))
            }
            #expect(error.code == .notFound && error.message == "经办人不存在")
        }
        let named = try await refusal {
            try await stranger.removeOfficer(
                .init(unitID: office.unit, personID: office.reviewer.id))
        }
        #expect(named.code == .notFound)
        #expect(try await office.isSignedIn(office.reviewer))
    }

    @Test func rolesAreOfficersRoles() async throws {
        let office = try await Office()
        for role in [Identity.Role.unspecified, .applicant, .hrDepartment, .init(rawValue: 99)] {
            let error = try await refusal {
                try await office.administrator.changeOfficer(
                    .init(personID: office.reviewer.id, role: role))
            }
            #expect(error.fields == ["role"])
        }
    }

    @Test func aRepeatGetsTheSameAnswer() async throws {
        let office = try await Office()
        var options = CallOptions()
        options.idempotencyKey = .random()
        let request = Identity.RemoveOfficerRequest(personID: office.reviewer.id)
        let first = try await office.administrator.removeOfficer(request, options: options)
        let second = try await office.administrator.removeOfficer(request, options: options)
        #expect(first == second)
    }
}
