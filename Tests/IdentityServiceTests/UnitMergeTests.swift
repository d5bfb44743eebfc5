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

/// 合并 of units by the HR department (unit_registration.merge).
@Suite struct UnitMergeTests {
    private typealias Office = (session: [UInt8], id: String)

    private let harness: Harness

    init() throws { harness = try Harness(reviewers: IdentityHandler.reviewing) }

    private func options(_ key: IdempotencyKey) -> CallOptions {
        var options = CallOptions()
        options.idempotencyKey = key
        return options
    }

    /// Two units; of the school an approved person, one who left it, and one who was disabled.
    private func scene() async throws -> (
        school: Office, company: Office, approved: (Harness.Applicant, Identity.Registration),
        left: (Harness.Applicant, Identity.Registration),
        disabled: (Harness.Applicant, Identity.Registration)
    ) {
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        var people: [(Harness.Applicant, Identity.Registration)] = []
        for n in 1...3 {
            let person = try await harness.applicant(n)
            people.append((person, try await harness.approved(person, by: school)))
        }
        people[2].1 = try await harness.identity(school.session).disablePerson(
            .init(id: people[2].1.id, expectedVersion: people[2].1.version, reason: "离职"))
        people[1].1 = try await harness.identity(people[1].0.session).transferPerson(
            .init(unitID: company.id, expectedVersion: people[1].1.version))
        _ = try await harness.decide(people[1].1, .approved, round: 2, by: company.session)
        return (school, company, people[0], people[1], people[2])
    }

    @Test func personsAndWhatTheUnitKeptGoToTheOther() async throws {
        let (school, company, approved, left, disabled) = try await scene()
        let reply = try await harness.department().mergeUnit(
            try harness.merging(school.id, into: company.id))
        #expect(reply.into?.id == company.id && reply.persons == 2 && reply.officers == 1)

        let own = try await harness.identity(approved.0.session).getRegistration(.init())
        #expect(own.id == approved.1.id && own.unitID == company.id && own.state == .approved)
        #expect(own.version == approved.1.version + 1)
        #expect(own.flow.map(\.action) == ["提交", "通过", "单位合并"])
        let described = try await harness.service.describePerson(
            .init(personID: approved.0.account.personID))
        #expect(described.unitID == company.id && described.registration == .approved)
        let officer = harness.identity(company.session)
        let list = try await officer.listRegistrations(.init())
        #expect(
            Set(list.registrations.map(\.id)) == [approved.1.id, left.1.id, disabled.1.id])
        let ended = try await officer.getRegistration(.init(id: disabled.1.id))
        #expect(ended.state == .disabled && ended.flow.map(\.action).contains("停用"))
        #expect(ended.idNumberMasked.contains("*"))
        // What the school had of who left it, and what it decided.
        let former = try await officer.listRegistrations(.init(former: true))
        #expect(former.registrations.map(\.id) == [left.1.id])
        let processed = try await harness.tasks(company.session).list(.init(view: .processed))
        #expect(processed.tasks.count == 4)
        let counts = try await harness.tasks(company.session).count(.init())
        #expect(counts.pending == 0 && counts.processed == 4)
        // Nobody is reviewed again, and the person goes on as before.
        let moved = try await harness.identity(approved.0.session).transferPerson(
            .init(unitID: try await thirdUnit(), expectedVersion: own.version))
        #expect(moved.state == .reviewing)
    }

    /// Built-in, without a USCC.
    private func thirdUnit() async throws -> String {
        try await harness.operator_.createBuiltInUnit(
            .init(account: "third-admin", name: "福州第三单位", details: .school)
        ).unitID
    }

    @Test func theServicesAreToldOnceAndInOrder() async throws {
        let (school, company, approved, _, _) = try await scene()
        let third = try await thirdUnit()
        let department = try await harness.department()
        let key = IdempotencyKey.random()
        let first = try harness.merging(school.id, into: company.id)
        let reply = try await department.mergeUnit(first, options: options(key))
        #expect(try await department.mergeUnit(first, options: options(key)) == reply)
        _ = try await department.mergeUnit(try harness.merging(company.id, into: third))
        let merges = try harness.database.read { rows in
            try rows.rows(
                Statement(
                    "SELECT lane, payload FROM outbox WHERE kind = ? ORDER BY sequence",
                    [.text(MergeUnit.messageKind)]), limit: 100
            ).map { row in
                let merge = try Identity.ApplyMergeRequest(decoding: try row.blob("payload"))
                return "\(try row.text("lane")) \(merge.unitID) \(merge.intoID)"
            }
        }
        #expect(
            merges
                == [(school.id, company.id), (company.id, third)].flatMap { unit, into in
                    IdentityHandler.reviewing.map { "merges:\($0) \(unit) \(into)" }
                })
        // Everybody reads it: the units' officers, the department, and who moved.
        let posts = try harness.database.announcements().filter {
            $0.event == "unit_registration.merged"
        }
        #expect(posts.count == 2 && posts.allSatisfy(\.isWorded))
        #expect(posts[0].text.hasPrefix("福州市第一中学 已并入 福州演示工程有限公司"))
        #expect(
            Set(posts[0].told).isSuperset(of: [
                "unit:\(company.id)", "department:350100",
                "person:\(approved.0.account.personID)",
            ]))
        #expect(
            try harness.number("SELECT count(*) FROM audit WHERE action = 'identity.unit.merge'")
                == 2)
    }

    @Test func manyAreToldInPosts() throws {
        let unit = Announcement(machine: "unit_registration", object: "school", version: 2)
        let posts = unit.messages(to: (0..<25).map { .person("person-\($0)") })
        #expect(posts.count == 3 && Set(posts.map(\.id)).count == 3)
        #expect(posts[0].id == unit.message.id)
        let told = try posts.map { try Tasks.PostRequest(decoding: $0.payload).recipients.count }
        #expect(told == [10, 10, 5])
    }

    @Test func theOldOfficersAreOutUntilTheOtherUnitWantsThem() async throws {
        let (school, company, _, _, _) = try await scene()
        let reviewer = try await harness.account(
            .init(
                account: "reviewer-1", role: .unitReviewer, name: "林审核",
                idNumber: inventedNumber(birth: "19800412", sequence: 1), unitID: school.id))
        let agent = try await harness.identity(school.session).getSession(.init()).personID
        _ = try await harness.department().mergeUnit(
            try harness.merging(school.id, into: company.id))
        for session in [school.session, reviewer.session] {
            let ended = try await refusal { try await harness.identity(session).getUnit(.init()) }
            #expect(ended.code == .unauthenticated)
        }
        let password = Identity.SignInRequest(account: reviewer.name, password: reviewer.password)
        let builtIn = try await refusal { try await harness.identity().signIn(password) }
        let vouched = try await refusal { try await harness.signIn(.school) }
        // Somebody new of the old code is no officer of the other unit either.
        let newcomer = VouchedAgent.school.agent("mzt-agent-7", name: "新经办", sequence: 907)
        let unknown = try await refusal { try await harness.signIn(newcomer) }
        for error in [builtIn, vouched] {
            #expect(error.code == .permissionDenied)
            #expect(error.message == "原单位已并入福州演示工程有限公司，请由该单位的管理员启用经办人")
        }
        #expect(unknown.code == .permissionDenied)
        #expect(unknown.message == "原单位已并入福州演示工程有限公司，请由该单位的管理员为您开设经办人账号")
        // The other unit's administrator finds them, and takes them in.
        let administrator = harness.identity(company.session)
        let officers = try await administrator.listOfficers(.init()).officers
        #expect(Set(officers.filter { !$0.active }.map(\.personID)) == [agent, reviewer.personID])
        for person in [agent, reviewer.personID] {
            _ = try await administrator.changeOfficer(
                .init(personID: person, role: .unitReviewer))
        }
        #expect(try await harness.identity().signIn(password).user?.unit?.id == company.id)
        #expect(try await harness.signIn(.school).user?.unit?.id == company.id)
        #expect(
            try await refusal { try await harness.signIn(newcomer) }.code == .permissionDenied)
    }

    @Test func theOldCodeLeadsToTheLastUnit() async throws {
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let third = try await thirdUnit()
        let department = try await harness.department("350000")
        func found(_ text: String) async throws -> [String] {
            try await department.findUnits(.init(namePrefix: text)).units.map(\.id)
        }
        let (first, second) = (VouchedAgent.school.uscc, VouchedAgent.company.uscc)
        #expect(try await found(first) == [school.id])
        // A suspended unit is merged as well.
        _ = try await department.suspendUnit(.init(unitID: school.id, reason: "机构撤并"))
        _ = try await department.mergeUnit(try harness.merging(school.id, into: company.id))
        #expect(try await found(first.lowercased()) == [company.id])
        _ = try await department.mergeUnit(try harness.merging(company.id, into: third))
        #expect(try await found(first) == [third])
        #expect(try await found(second) == [third])
        #expect(try await found("福州市第一中学").isEmpty)
        let denied = try await refusal { try await harness.signIn(.school) }
        #expect(denied.message.contains("已并入福州第三单位") && denied.message.hasSuffix("启用经办人"))
        // Those of both units stand there, to be taken in.
        let waiting = try harness.number(
            "SELECT count(*) FROM officers AS o JOIN units AS u ON u.id = o.unit_id"
                + " WHERE u.name = '福州第三单位' AND o.active = 0")
        #expect(waiting == 2)
        // It is final.
        let again = try await refusal {
            try await department.mergeUnit(try harness.merging(school.id, into: third))
        }
        #expect(again.code == .failedPrecondition && again.message == "单位已合并，不能合并")
        let resumed = try await refusal {
            try await department.resumeUnit(.init(unitID: school.id))
        }
        #expect(resumed.message == "单位已合并，不能恢复")
    }

    @Test func nothingMayWaitAtTheUnit() async throws {
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let department = try await harness.department()
        func refused() async throws -> RPCError {
            try await refusal {
                try await department.mergeUnit(try harness.merging(school.id, into: company.id))
            }
        }
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: school.id)
        _ = try await harness.identity(school.session).requestUnitChange(
            .init(nature: "32", reason: "改制"))
        let own = try await refused()
        #expect(own.code == .failedPrecondition)
        #expect(own.message.contains("人员注册 1 项、变更申请 1 项，办结或撤回后再合并"))
        let facts = own.details.compactMap { try? $0.decode(as: Identity.HoldUnitReply.self) }
        #expect(facts.first?.waiting.map(\.view) == ["registration", "unit_change"])
        _ = try await harness.identity(person.session).cancelRegistration(
            .init(id: registration.id, expectedVersion: registration.version))
        let change = try #require(try await department.listUnitChanges(.init()).changes.first)
        _ = try await department.decideUnitChange(
            .init(id: change.id, outcome: .returned, opinion: "不予变更"))
        // What the other services keep.
        let items = Common.ViewCount(view: "archive_item", label: "业绩档案", count: 3)
        harness.waiting.set([items], at: school.id)
        let others = try await refused()
        #expect(others.code == .failedPrecondition && others.message.contains("业绩档案 3 项"))
        #expect(try await department.findUnits(.init(namePrefix: "福州")).units.count == 2)
        harness.waiting.set([], at: school.id)
        _ = try await department.mergeUnit(try harness.merging(school.id, into: company.id))
    }

    @Test func unitsVersionsAndReasonsAreChecked() async throws {
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let department = try await harness.department()
        let good = try harness.merging(school.id, into: company.id)
        func refused(
            _ change: (inout Identity.MergeUnitRequest) -> Void,
            by client: Identity.IdentityClient? = nil
        ) async throws -> RPCError {
            var request = good
            change(&request)
            return try await refusal { try await (client ?? department).mergeUnit(request) }
        }
        #expect(try await refused { $0.reason = "" }.fields == ["reason"])
        #expect(
            try await refused {
                ($0.intoID, $0.expectedIntoVersion) = ($0.unitID, $0.expectedVersion)
            }.fields == ["into_id"])
        #expect(try await refused { $0.expectedVersion += 1 }.code == .aborted)
        #expect(try await refused { $0.expectedIntoVersion += 1 }.code == .aborted)
        for id in ["", "0"] {
            #expect(try await refused { $0.unitID = id }.code == .notFound)
            #expect(try await refused { $0.intoID = id }.code == .notFound)
        }
        let elsewhere = try await harness.department("350200")
        #expect(try await refused({ _ in }, by: elsewhere).code == .notFound)
        // Only a unit that is open takes another one in.
        _ = try await department.suspendUnit(.init(unitID: company.id, reason: "机构撤并"))
        let closed = try await refused { $0.expectedIntoVersion += 1 }
        #expect(closed.code == .failedPrecondition && closed.message.contains("已停用"))
        #expect(
            try harness.number("SELECT count(*) FROM units WHERE merged_into IS NOT NULL") == 0)
    }

    @Test func whoeverDoesItIsOnRecordAndTheServicesAreConnected() async throws {
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let unrecorded = try await harness.department("350100", isRecorded: false)
        let nobody = try await refusal {
            try await unrecorded.mergeUnit(try harness.merging(school.id, into: company.id))
        }
        #expect(nobody.code == .failedPrecondition && nobody.message.contains("RecordOfficer"))
        let alone = try Harness(reviewers: ["archive-service"])
        let first = try await alone.activeUnit()
        let second = try await alone.activeUnit(.company)
        let department = try await alone.department()
        let unasked = try await refusal {
            try await department.mergeUnit(try alone.merging(first.id, into: second.id))
        }
        #expect(unasked.code == .failedPrecondition && unasked.message.contains("--peer"))
    }

    @Test func aMergeSeeksInIndexes() throws {
        for (table, condition) in [
            ("registration_history", ""), ("review_rounds", "outcome IS NOT NULL"),
        ] {
            let move = ApplyMerge.Place(table, where: condition).move("school", to: "company")
            let plan = try harness.database.queryPlan(of: move)
            #expect(plan.first?.hasPrefix("SEARCH \(table) USING") == true)
        }
    }
}
