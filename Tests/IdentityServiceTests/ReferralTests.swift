import Domain
import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

/// Nobody decides on themselves; where nobody else is there, the superior of the unit's region does (I10).
@Suite struct ReferralTests {
    private let harness: Harness

    init() throws {
        harness = try Harness(reviewers: ["archive-service", "declaration-service"])
    }

    private func superior(_ region: String) async throws -> [UInt8] {
        try await harness.account(
            .init(
                account: "superior-\(region)", role: .superior, name: "主管\(region)",
                region: region,
                idNumber: inventedNumber(birth: "19750101", sequence: 650))
        ).session
    }

    /// The school's agent as an applicant.
    private func agentAsApplicant() async throws -> Harness.Applicant {
        let agent = VouchedAgent.school
        let account = try await harness.account(
            .init(
                account: "agent-as-person", role: .applicant, name: agent.name,
                idNumber: agent.idNumber, phone: "13810009999"))
        return Harness.Applicant(
            account: account, name: agent.name, number: agent.idNumber, phone: "13810009999")
    }

    private func pending(_ session: [UInt8]) async throws -> [Tasks.Task] {
        try await harness.tasks(session).list(.init()).tasks
    }

    /// What a service was told of officers: one message after the other in a lane, so the outbox itself shows more than its first.
    private func changes(
        toldTo service: String = "archive-service"
    ) throws -> [Identity.ApplyOfficerChangeRequest] {
        try harness.database.read { rows in
            try rows.rows(
                Statement(
                    "SELECT payload FROM outbox WHERE destination = ? ORDER BY sequence",
                    [.text(service)]), limit: 20
            ).map { try Identity.ApplyOfficerChangeRequest(decoding: $0.blob("payload")) }
        }
    }

    private func secondOfficer(_ unit: [UInt8]) async throws -> String {
        try await harness.identity(unit).createAccount(
            .init(
                account: "second-officer", role: .unitReviewer, name: "林审核",
                idNumber: inventedNumber(birth: "19850505", sequence: 700))
        ).personID
    }

    @Test func theOnlyOfficersOwnRegistrationGoesToTheSuperior() async throws {
        let unit = try await harness.activeUnit()
        let registration = try await harness.register(agentAsApplicant(), with: unit.id)
        let superior = try await superior("350100")
        #expect(try await pending(superior).map(\.objectID) == [registration.id])
        #expect(try await harness.tasks(superior).count(.init()).pending == 1)
        let refused = try await refusal {
            try await harness.decide(registration, .approved, by: unit.session)
        }
        #expect(refused.code == .permissionDenied)
        _ = try await harness.identity(superior).getRegistration(.init(id: registration.id))
        _ = try await harness.decide(registration, .approved, by: superior)
        let decided = try await harness.identity(superior).getRegistration(
            .init(id: registration.id))
        #expect(decided.state == .approved)
        #expect(decided.flow.last?.actorName == "主管350100")
        #expect(try await pending(superior).isEmpty)
        let counts = try await harness.tasks(superior).count(.init())
        #expect(counts.pending == 0 && counts.processed == 1)
        #expect(try await pending(unit.session).isEmpty)
        let posts = try harness.database.announcements()
        #expect(posts.count == 2 && posts.allSatisfy { $0.told.contains("superior:350100") })
    }

    /// Region of the superior, and whether the task of a unit of 350100 is theirs.
    @Test(arguments: [
        ("350000", true), ("350100", true), ("350102", false), ("350200", false),
    ])
    func onlyOfTheUnitsRegion(_ region: String, isTheirs: Bool) async throws {
        let unit = try await harness.activeUnit()
        let registration = try await harness.register(agentAsApplicant(), with: unit.id)
        let superior = try await superior(region)
        #expect(try await pending(superior).isEmpty == !isTheirs)
        guard !isTheirs else { return }
        let refusals = [
            try await refusal {
                try await harness.decide(registration, .approved, by: superior)
            },
            try await refusal {
                try await harness.identity(superior).getRegistration(.init(id: registration.id))
            },
        ]
        #expect(refusals.map(\.code) == [.notFound, .notFound])
    }

    @Test func whatAnotherOfficerMayDecideStaysWithTheUnit() async throws {
        let unit = try await harness.activeUnit()
        _ = try await secondOfficer(unit.session)
        let own = try await harness.register(agentAsApplicant(), with: unit.id)
        let other = try await harness.register(try await harness.applicant(1), with: unit.id)
        let superior = try await superior("350100")
        #expect(try await pending(superior).isEmpty)
        for registration in [own, other] {
            #expect(
                try await refusal {
                    try await harness.decide(registration, .approved, by: superior)
                }.code == .notFound)
        }
    }

    @Test func whatWaitsWhenTheOtherOfficerLeavesGoesToTheSuperior() async throws {
        let unit = try await harness.activeUnit()
        let second = try await secondOfficer(unit.session)
        let own = try await harness.register(agentAsApplicant(), with: unit.id)
        _ = try await harness.register(try await harness.applicant(1), with: unit.id)
        let superior = try await superior("350100")
        _ = try await harness.identity(unit.session).removeOfficer(.init(personID: second))
        #expect(try await pending(superior).map(\.objectID) == [own.id])
        let told = try harness.database.announcements().filter {
            $0.told.contains("superior:350100")
        }
        #expect(told.map(\.event) == ["personnel_registration.referred"])
        for service in ["archive-service", "declaration-service"] {
            let change = try changes(toldTo: service).last
            #expect(change?.unitID == unit.id && change?.leftID == second)
            #expect(change?.soleKey.count == 32 && change?.region == "350100")
        }
    }

    /// By an account, by a provider, and by coming back: each time who was alone is so no more.
    @Test func servicesAreToldWhenAnotherOfficerJoins() async throws {
        let unit = try await harness.activeUnit()
        let second = try await secondOfficer(unit.session)
        let joined = try changes()
        #expect(joined.map(\.accompaniedKey.count) == [32])
        #expect(joined.map(\.unitID) == [unit.id])
        _ = try await harness.identity(unit.session).removeOfficer(.init(personID: second))
        let alone = try changes()
        #expect(alone.map(\.soleKey) == [[], joined.first?.accompaniedKey])
        _ = try await harness.identity(unit.session).changeOfficer(
            .init(personID: second, role: .unitReviewer))
        let key = joined.first?.accompaniedKey ?? []
        #expect(try changes().map(\.accompaniedKey) == [key, [], key])
        // Of two already, nobody was alone.
        _ = try await harness.identity(unit.session).createAccount(
            .init(
                account: "third-officer", role: .unitReviewer, name: "何审核",
                idNumber: inventedNumber(birth: "19860606", sequence: 701)))
        #expect(try changes().count == 3)
    }

    @Test func servicesAreToldOfAnAgentWhoJoins() async throws {
        let unit = try await harness.activeUnit()
        let school = VouchedAgent.school
        let agent = VouchedAgent(
            issuer: school.issuer, subject: "another-agent", name: "何经办",
            idNumber: inventedNumber(birth: "19870707", sequence: 702), phone: "13900000003",
            unitName: school.unitName, uscc: school.uscc,
            legalRepresentativeName: school.legalRepresentativeName,
            legalRepresentativeIDNumber: school.legalRepresentativeIDNumber)
        _ = try await harness.signIn(agent)
        _ = try await harness.signIn(agent)
        let told = try changes()
        #expect(told.map(\.unitID) == [unit.id])
        #expect(told.map(\.accompaniedKey.count) == [32])
    }

    @Test func whoIsAloneIsKnownOnceRecorded() async throws {
        let made = try await harness.operator_.createBuiltInUnit(
            .init(
                account: "built-in-unit", name: "福州演示学校", legalRepresentativeName: "林校长",
                details: .school))
        let session = try await harness.identity().signIn(
            .init(account: "built-in-unit", password: made.initialPassword)
        ).session
        _ = try await harness.identity(session).changePassword(
            .init(oldPassword: made.initialPassword, newPassword: "Password-13-2022"))
        let applicant = try await harness.applicant(1)
        let registration = try await harness.register(applicant, with: made.unitID)
        let superior = try await superior("350100")
        #expect(try await pending(superior).isEmpty)
        _ = try await harness.identity(session).recordOfficer(
            .init(name: applicant.name, idNumber: applicant.number))
        #expect(try await pending(superior).map(\.objectID) == [registration.id])
        #expect(
            try harness.database.pendingMessages(to: "archive-service", limit: 10).count == 1)
    }

    @Test func servicesAreTold() async throws {
        let unit = try await harness.activeUnit()
        let applicant = try await agentAsApplicant()
        _ = try await harness.register(applicant, with: unit.id)
        var person = try await harness.service.describePerson(
            .init(personID: applicant.account.personID))
        #expect(person.soleOfficer && person.unitRegion == "350100")
        _ = try await secondOfficer(unit.session)
        person = try await harness.service.describePerson(
            .init(personID: applicant.account.personID))
        #expect(!person.soleOfficer)
    }
}
