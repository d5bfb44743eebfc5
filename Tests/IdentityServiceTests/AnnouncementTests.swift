import MessageCoding
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

/// E5: who is told of which transition of registrations and change requests, and what becomes of the unit's tasks.
@Suite struct AnnouncementTests {
    @Test(arguments: RegistrationPhase.allCases, RegistrationPhase.Event.allCases)
    func everyTransitionOfARegistrationHasItsWords(
        _ from: RegistrationPhase, _ event: RegistrationPhase.Event
    ) throws {
        guard let to = from.after(event) else { return }
        let form = RegistrationForm(
            name: "姣姣1", sex: "女", idDocument: "111", idNumber: [], idIndex: [], phone: [],
            birthDay: "", politicalStatus: "群众", email: "")
        let registration = StoredRegistration(
            id: "r-1", personID: "person-1", unitID: "unit-2", round: 2, version: 5, phase: to,
            form: form, registeredMilliseconds: 1)
        let post = try Tasks.PostRequest(
            decoding: Announcement.of(
                registration, after: event, earlierUnit: "unit-1", by: "officer-1"
            ).message.payload)
        #expect(post.event == "personnel_registration.\(to)" && post.isWorded)
        #expect(post.text == "姣姣1 的人员注册\(event.news)")
        #expect(post.told == ["person:person-1", "unit:unit-2", "unit:unit-1"])
    }

    @Test func everyCommandAnnouncesWhatItDid() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let person = try await harness.applicant(1)
        let applicant = harness.identity(person.session)
        var registration = try await harness.register(person, with: school.id)
        _ = try await harness.decide(registration, .returned, by: school.session)
        registration = try await harness.register(person, with: school.id)
        _ = try await harness.decide(registration, .approved, round: 2, by: school.session)
        registration = try await applicant.getRegistration(.init())
        registration = try await applicant.transferPerson(
            .init(unitID: company.id, expectedVersion: registration.version))
        _ = try await harness.decide(registration, .approved, round: 3, by: company.session)
        registration = try await applicant.getRegistration(.init())
        _ = try await harness.identity(company.session).disablePerson(
            .init(id: registration.id, expectedVersion: registration.version, reason: "离职"))
        registration = try await harness.register(person, with: school.id)
        _ = try await applicant.cancelRegistration(
            .init(id: registration.id, expectedVersion: registration.version))

        let posts = try harness.database.announcements()
        #expect(
            posts.map { $0.event.split(separator: ".").last } == [
                "reviewing", "returned", "reviewing", "approved", "reviewing", "approved",
                "disabled", "reviewing", "cancelled",
            ])
        let own = "person:\(person.account.personID)"
        #expect(posts.allSatisfy { $0.isWorded && $0.told.first == own })
        #expect(posts[0].told == [own, "unit:\(school.id)"])
        #expect(
            posts[4].told == [own, "unit:\(company.id)", "unit:\(school.id)"],
            "a transfer is told to the old unit, too")
        #expect(
            posts.map { $0.tasks.first?.kind } == [
                .opened, .closed, .opened, .closed, .opened, .closed, nil, .opened, .closed,
            ])
        #expect(posts[0].tasks.first?.region == "350100")
        #expect(posts[0].tasks.first?.task?.id == posts[1].tasks.first?.task?.id)
    }

    @Test func changeRequestsAreToldToTheUnitAndTheDepartment() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let department = harness.identity(
            try await harness.account(
                .init(
                    account: "hr-1", role: .hrDepartment, name: "人社", region: "350100",
                    idNumber: inventedNumber(birth: "19750101", sequence: 7))
            ).session)
        let officer = harness.identity(unit.session)
        for outcome in [Common.Outcome.returned, .approved] {
            let asked = try await officer.requestUnitChange(
                .init(nature: "10", region: "350102", reason: "机构改革"))
            _ = try await department.decideUnitChange(
                .init(id: asked.id, outcome: outcome, opinion: "情况属实"))
        }
        let posts = try harness.database.announcements().filter {
            $0.event.hasPrefix("unit_change")
        }
        #expect(
            posts.map(\.event) == [
                "unit_change.pending", "unit_change.refused", "unit_change.pending",
                "unit_change.approved",
            ])
        #expect(
            posts.allSatisfy {
                $0.isWorded && $0.told == ["unit:\(unit.id)", "department:350100"]
            })
    }

    /// I5: 更换经办人 too. Who left reads it in the own mailbox.
    @Test func changesOfOfficersAreToldToTheUnitAndToWhoLeft() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        func reviewer(_ n: Int) async throws -> Harness.Account {
            let account = Identity.CreateAccountRequest(
                account: "reviewer-\(n)", role: .unitReviewer, name: "林审核\(n)",
                idNumber: inventedNumber(birth: "19800412", sequence: n), unitID: unit.id)
            return try await harness.account(account)
        }
        let (first, second) = (try await reviewer(1), try await reviewer(2))
        let administrator = harness.identity(unit.session)
        let agent = try await administrator.getSession(.init()).personID
        _ = try await administrator.removeOfficer(.init(personID: first.personID))
        _ = try await administrator.changeOfficer(
            .init(personID: first.personID, role: .unitAdministrator))
        _ = try await administrator.handOver(
            .init(leavingID: agent, successorID: second.personID))
        let all = try harness.database.announcements()
        // By the operator's command.
        #expect(all.prefix(2).allSatisfy { $0.isWorded && $0.told == ["unit:\(unit.id)"] })
        #expect(
            all.prefix(2).map(\.event) == ["unit_officer.role_given", "unit_officer.role_given"])
        #expect(all[0].text.hasSuffix("林审核1 现为审核人"))
        let posts = Array(all.dropFirst(2))
        #expect(
            posts.map(\.event) == [
                "unit_officer.removed", "unit_officer.role_given", "unit_officer.handed_over",
            ])
        #expect(
            posts.map(\.told) == [
                ["unit:\(unit.id)", "person:\(first.personID)"], ["unit:\(unit.id)"],
                ["unit:\(unit.id)", "person:\(agent)"],
            ])
        #expect(posts.allSatisfy { $0.isWorded && $0.actorID == agent })
        #expect(posts[1].text.hasSuffix("林审核1 现为管理员"))
        #expect(posts[2].text.hasSuffix("陈经办 已更换为 林审核2"))
    }

    /// Another agent whom 闽政通 vouches for is an administrator as well: the officers are told. Of a new unit there is nobody to tell.
    @Test func anAgentWhoJoinsIsToldToTheUnit() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let colleague = VouchedAgent.school.agent("mzt-agent-7", name: "新经办", sequence: 907)
        for _ in 1...2 { _ = try await harness.signIn(colleague) }
        let posts = try harness.database.announcements()
        #expect(posts.map(\.event) == ["unit_officer.role_given"])
        #expect(posts[0].told == ["unit:\(unit.id)"] && posts[0].text.hasSuffix("新经办 现为管理员"))
    }
}
