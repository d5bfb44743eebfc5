import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import IdentityService

@Suite struct RegistrationTests {
    @Test func aPersonRegistersAndTheUnitSeesIt() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: unit.id)
        #expect(registration.state == .reviewing && registration.stateLabel == "审核中")
        #expect(registration.version == 1)
        #expect(registration.idNumberMasked == "3501**********" + person.number.suffix(4))
        #expect(registration.phoneMasked == "138****0001")
        #expect(registration.flow.map(\.action) == ["提交"])
        let seen = try await harness.identity(unit.session).getRegistration(
            Identity.GetRegistrationRequest(id: registration.id))
        #expect(seen == registration)
        let own = try await harness.identity(person.session).getRegistration(
            Identity.GetRegistrationRequest(id: registration.id))
        #expect(own == registration)
        let described = try await harness.service.describePerson(
            Identity.DescribePersonRequest(personID: person.account.personID))
        #expect(described.registration == .reviewing && described.unitName == "福州市第一中学")
        #expect(described.birthDay == "1990-03-07" && described.personKey.count == 32)
    }

    @Test func everyFaultIsNamedAtOnce() async throws {
        let harness = try Harness()
        _ = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let error = try await refusal {
            try await harness.identity(person.session).registerPerson(
                Identity.RegisterPersonRequest(
                    unitID: "unknown", name: "", sex: "男", idDocument: "111",
                    idNumber: person.number, phone: "1", politicalStatus: "某党", email: "x"))
        }
        #expect(error.code == .invalidArgument)
        #expect(
            error.fields == ["unit_id", "name", "sex", "phone", "political_status", "email"])
    }

    @Test func theNumberMustBeTheAccountsOwn() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        var form = person.form(unit.id)
        form.idNumber = inventedNumber(birth: "19900307", sequence: 888)
        #expect(
            try await refusal { try await harness.identity(person.session).registerPerson(form) }
                .fields == ["id_number"])
    }

    @Test func theNameMustBeTheAccountsOwn() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        var form = person.form(unit.id)
        form.name = "别人"
        #expect(
            try await refusal { try await harness.identity(person.session).registerPerson(form) }
                .fields == ["name"])
    }

    @Test(arguments: [
        ("114", "军字第12345678号", false), ("114", "闽字12345678", true),
        ("114", "350199198004120012", false), ("414", "E12345678", true), ("414", "E1!", false),
        ("511", "12345678", true), ("511", "1234567", false), ("516", "H12345678", true),
        ("516", "A12345678", false), ("999", "1", false), ("TW_RES", "350199198004120012", false),
    ])
    func otherDocuments(_ code: String, _ number: String, _ isFit: Bool) {
        let verdict = IDDocument(code: code)?.verdict(
            number, today: CivilDay(Timestamp(milliseconds: 1_650_000_000_000)))
        #expect((verdict == .unreadable) == isFit)
    }

    @Test func oneLiveRegistrationPerPerson() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: unit.id)
        #expect(
            try await refusal { try await harness.register(person, with: unit.id) }.code
                == .failedPrecondition)
        _ = try await harness.decide(registration, .approved, by: unit.session)
        let approved = try await refusal { try await harness.register(person, with: unit.id) }
        #expect(approved.code == .failedPrecondition && approved.message.contains("审核通过"))
    }

    @Test func afterAReturnAnotherUnitMayBeChosen() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let person = try await harness.applicant(1)
        let first = try await harness.register(person, with: school.id)
        _ = try await harness.decide(first, .returned, by: school.session, opinion: "不是本单位人员")
        harness.clock.advance(by: .seconds(60))
        let second = try await harness.register(person, with: company.id)
        #expect(second.id == first.id && second.version == 3 && second.unitID == company.id)
        #expect(
            second.registeredMs == first.registeredMs + 60_000
                || second.registeredMs > first.registeredMs)
        #expect(second.flow.map(\.action) == ["提交", "退回", "提交"])
        #expect(second.flow.map(\.opinion) == ["", "不是本单位人员", ""])
        // The first unit keeps what it decided, and sees nothing more.
        let gone = try await refusal {
            try await harness.identity(school.session).getRegistration(
                Identity.GetRegistrationRequest(id: first.id))
        }
        #expect(gone.code == .notFound)
        var processed = Tasks.ListTasksRequest()
        processed.view = .processed
        #expect(try await harness.tasks(school.session).list(processed).tasks.count == 1)
        #expect(
            try await harness.tasks(company.session).list(Tasks.ListTasksRequest()).tasks.map(\.id)
                == ["identity:\(first.id):2"])
    }

    @Test func foreignAndUnknownIdsAnswerAlike() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let person = try await harness.applicant(1)
        let stranger = try await harness.applicant(2, name: "姣姣2")
        let registration = try await harness.register(person, with: school.id)
        for session in [company.session, stranger.session] {
            let foreign = try await refusal {
                try await harness.identity(session).getRegistration(
                    Identity.GetRegistrationRequest(id: registration.id))
            }
            let unknown = try await refusal {
                try await harness.identity(session).getRegistration(
                    Identity.GetRegistrationRequest(id: "00000000000000000000000000000000"))
            }
            #expect(foreign.code == .notFound && unknown.code == .notFound)
            #expect(foreign.message == unknown.message)
        }
        let foreignTask = try await refusal {
            try await harness.decide(registration, .approved, by: company.session)
        }
        var unknown = registration
        unknown.id = "00000000000000000000000000000000"
        let unknownTask = try await refusal {
            try await harness.decide(unknown, .approved, by: company.session)
        }
        #expect(foreignTask.code == .notFound && foreignTask.message == unknownTask.message)
    }
}

@Suite struct RegistrationListTests {
    private func list(
        _ harness: Harness, _ session: [UInt8], search: String = "",
        state: Identity.RegistrationState = .unspecified, size: UInt32 = 0, cursor: [UInt8] = []
    ) async throws -> Identity.ListRegistrationsReply {
        try await harness.identity(session).listRegistrations(
            Identity.ListRegistrationsRequest(
                search: search, state: state, page: Common.PageRequest(size: size, cursor: cursor)))
    }

    @Test func searchTabsAndTotals() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        var people: [Harness.Applicant] = []
        for (n, name) in ["姣姣1", "姣姣2", "姚姣2", "陈某"].enumerated() {
            harness.clock.advance(by: .seconds(1))
            let person = try await harness.applicant(n + 1, name: name)
            people.append(person)
            let registration = try await harness.register(person, with: unit.id)
            if n == 3 { _ = try await harness.decide(registration, .approved, by: unit.session) }
        }
        func names(_ reply: Identity.ListRegistrationsReply) -> [String] {
            reply.registrations.map(\.name)
        }
        let all = try await list(harness, unit.session)
        #expect(names(all) == ["陈某", "姚姣2", "姣姣2", "姣姣1"], "newest first")
        #expect(all.total == 4 && all.nextCursor.isEmpty)
        #expect(all.registrations.allSatisfy { $0.flow.isEmpty })
        let part = try await list(harness, unit.session, search: "姣2")
        #expect(names(part) == ["姚姣2", "姣姣2"] && part.total == 2)
        let number = try await list(
            harness, unit.session, search: " \(people[1].number.lowercased()) ")
        #expect(names(number) == ["姣姣2"] && number.total == 1)
        #expect(
            try await list(harness, unit.session, search: String(people[1].number.prefix(17)))
                .total == 0, "a part of a number finds nobody")
        let approved = try await list(harness, unit.session, state: .approved)
        #expect(names(approved) == ["陈某"] && approved.total == 1)
        #expect(try await list(harness, unit.session, state: .returned).total == 0)
        #expect(
            try await refusal {
                try await list(
                    harness, unit.session, state: Identity.RegistrationState(rawValue: 77))
            }.fields == ["state"])
    }

    @Test func pagesAreCompleteWhileRowsAreAdded() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        var expected: [String] = []
        for n in 1...7 {
            // Two rows share each moment.
            if n.isMultiple(of: 2) { harness.clock.advance(by: .seconds(1)) }
            let person = try await harness.applicant(n)
            expected.append(try await harness.register(person, with: unit.id).id)
        }
        var listed: [String] = []
        var tasks: [String] = []
        var (cursor, taskCursor): ([UInt8], [UInt8]) = ([], [])
        var added = 7
        repeat {
            let page = try await list(harness, unit.session, size: 3, cursor: cursor)
            listed += page.registrations.map(\.id)
            cursor = page.nextCursor
            let tasksPage = try await harness.tasks(unit.session).list(
                Tasks.ListTasksRequest(page: Common.PageRequest(size: 3, cursor: taskCursor)))
            tasks += tasksPage.tasks.map(\.objectID)
            taskCursor = tasksPage.nextCursor
            added += 1
            harness.clock.advance(by: .seconds(1))
            _ = try await harness.register(try await harness.applicant(added), with: unit.id)
        } while !cursor.isEmpty
        #expect(taskCursor.isEmpty)
        #expect(listed.count == 7 && Set(listed) == Set(expected))
        #expect(tasks.count == 7 && Set(tasks) == Set(expected))
    }

    @Test func pageBounds() async throws {
        let harness = try Harness()
        let unit = try await harness.activeUnit()
        #expect(
            try await refusal { try await list(harness, unit.session, size: 201) }.code
                == .invalidArgument)
        #expect(
            try await refusal { try await list(harness, unit.session, cursor: [1, 2]) }.code
                == .invalidArgument)
    }
}
