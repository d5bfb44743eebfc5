import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// Officers who leave, and units whose only officer is the applicant (I5, I10).
struct OfficerChangeTests {
    @Test func claimsOfWhoLeavesAreReleased() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (leaving, colleague) = (harness.officer("陈经办"), harness.officer("郑经办"))
            let first = try await harness.claim(
                harness.submitted(harness.applicant(1), plan), by: leaving)
            let second = try await harness.claim(
                harness.submitted(harness.applicant(2), plan), by: colleague)
            let message = IdempotencyKey.random()
            let told = try harness.number(
                "SELECT count(*) FROM outbox WHERE destination = 'task-aggregator'")
            for _ in 1...2 {
                try await harness.officersChanged(left: "officer-陈经办", message: message)
            }
            #expect(
                try harness.number(
                    "SELECT count(*) FROM outbox WHERE destination = 'task-aggregator'")
                    == told + 1, "a release is told once (E5)")
            let released = try await harness.row(first.id, for: colleague)
            #expect(released.state == .unitPool && released.claimedBy == "")
            #expect(released.version == first.version + 1)
            let kept = try await harness.row(second.id, for: colleague)
            #expect(kept.claimedByName == "郑经办")
            let counts = try await harness.declarations(colleague).list(.init(view: .unclaimed))
            #expect(counts.rows.map(\.id) == [first.id])
            let taken = try await harness.claim(released, by: colleague)
            #expect(taken.claimedByName == "郑经办")
        }
    }

    /// More claims than one plan may hold end in passes, all of them before the message is answered.
    @Test func manyClaimsAreReleasedInPasses() async throws {
        try await Harness.stopped { harness in
            let officer = harness.officer("陈经办")
            let person = harness.applicant(1)
            // Without items nothing waits for the archive.
            harness.archive.withdraw(person.itemID, of: person.personID)
            let row = try await harness.claim(
                harness.submitted(person, harness.plan()), by: officer)
            let copies = 2 * ApplyOfficerChange.mostClaims + 1
            _ = try await harness.database.execute(Copies(id: row.id, count: copies))
            let claims = "SELECT count(*) FROM declarations WHERE claimed_by IS NOT NULL"
            #expect(try harness.number(claims) == Int64(copies + 1))
            try await harness.officersChanged(left: "officer-陈经办", alone: "key-other")
            #expect(try harness.number(claims) == 0)
            let told = try harness.number(
                "SELECT count(DISTINCT lane) FROM outbox WHERE destination = 'task-aggregator'")
            #expect(told == Int64(copies + 1))
        }
    }

    @Test func aNoticeOfWhoLeftIsEndedByAColleague() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (leaving, colleague) = (harness.officer("陈经办"), harness.officer("郑经办"))
            let row = try await harness.claim(
                harness.submitted(harness.applicant(1), plan), by: leaving)
            let notice = try await harness.declarations(leaving).openNotice(
                .init(id: row.id, expectedVersion: row.version))
            try await harness.officersChanged(left: "officer-陈经办")
            harness.clock.advance(by: .seconds(20 * 86_400))
            let shown = try await harness.row(row.id, for: colleague)
            #expect(shown.state == .unitPublicity && shown.claimedBy == "")
            _ = try await harness.declarations(colleague).closeNotice(
                .init(noticeID: notice.id, expectedVersion: shown.version))
            #expect(try await harness.row(row.id, for: colleague).claimedByName == "郑经办")
        }
    }

    /// A claim that waits for another service refuses the message, which comes again and is taken.
    @Test func aMessageThatMetABusyDeclarationIsTakenLater() async throws {
        try await Harness.run { harness in
            let officer = harness.officer("陈经办")
            let row = try await harness.ready(
                harness.applicant(1), harness.plan(), by: officer)
            harness.quota.mood = .stalls
            // DECIDING, or no answer in time on a machine that is busy: it waits for the vacancy either way.
            _ = try? await harness.decide(row, .approved, by: officer, timeout: .seconds(1))
            while try await harness.row(row.id, for: officer).status != "办理中" {
                try await Task.sleep(for: .milliseconds(5))
            }
            let message = IdempotencyKey.random()
            let busy = try await refusal {
                try await harness.officersChanged(left: "officer-陈经办", message: message)
            }
            #expect(busy.code == .aborted)
            harness.quota.mood = .answers
            try await harness.drained()
            try await harness.officersChanged(left: "officer-陈经办", message: message)
        }
    }

    @Test func onlyOfThatUnit() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let row = try await harness.claim(
                harness.submitted(harness.applicant(1), plan), by: officer)
            try await harness.officersChanged(.company, left: "officer-陈经办")
            #expect(try await harness.row(row.id, for: officer).claimedByName == "陈经办")
        }
    }

    /// The whole of the unit's review, by the superior: claim, recommendation, approval; then the superior's own node.
    @Test func theOnlyOfficersDeclarationGoesToTheSuperior() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1, isAlone: true)
            let own = harness.officer("陈经办", colleagues: 1, key: person.key)
            let superior = harness.superior()
            let row = try await harness.submitted(person, plan)
            let tasks = try await harness.tasks(superior).list(.init()).tasks
            #expect(tasks.map(\.objectID) == [row.id] && tasks[0].node == "单位审核")
            #expect(try await harness.tasks(superior).count(.init()).pending == 1)
            #expect(
                try await refusal { try await harness.claim(row, by: own) }.code
                    == .permissionDenied)
            let claimed = try await harness.claim(row, by: superior)
            #expect(claimed.claimedByName == "厅经办")
            try await harness.recommend(row.id, by: superior)
            let reply = try await harness.decide(claimed, .approved, by: superior)
            #expect(reply.state == .done && reply.node == "主管部门审核")
            #expect(harness.quota.held.count == 1)
            let next = try await harness.row(row.id, for: superior)
            #expect(next.state == .superiorReview)
            _ = try await harness.decide(next, .approved, by: superior)
            let counts = try await harness.tasks(superior).count(.init())
            #expect(counts.pending == 0 && counts.processed == 2)
        }
    }

    @Test func whatWaitsWhenTheOthersLeaveGoesToTheSuperior() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let row = try await harness.submitted(person, plan)
            let other = try await harness.submitted(harness.applicant(2), plan)
            let superior = harness.superior()
            let elsewhere = harness.other(.superior, region: "350200")
            #expect(try await harness.tasks(superior).list(.init()).tasks.isEmpty)
            try await harness.officersChanged(left: "officer-郑经办", alone: person.key)
            #expect(
                try await harness.tasks(superior).list(.init()).tasks.map(\.objectID) == [row.id])
            #expect(try await harness.tasks(elsewhere).list(.init()).tasks.isEmpty)
            for (id, token) in [(other.id, superior), (row.id, elsewhere)] {
                let refused = try await refusal {
                    try await harness.declarations(token).claim(
                        .init(id: id, expectedVersion: row.version))
                }
                #expect(refused.code == .notFound)
            }
        }
    }

    /// It was with the superiors when the colleague left; nobody of the unit may decide it when it comes back.
    @Test func whatComesBackToAUnitOfOneGoesToTheSuperior() async throws {
        try await Harness.run { harness in
            let person = harness.applicant(1)
            let id = try await harness.approved(person, harness.officer("陈经办"))
            try await harness.officersChanged(left: "officer-陈经办", alone: person.key)
            let superior = harness.superior()
            _ = try await harness.decide(
                harness.row(id, for: superior), .returned, by: superior, opinion: "请补正")
            let task = try #require(try await harness.tasks(superior).list(.init()).tasks.first)
            #expect(task.objectID == id && task.node == "单位审核")
            let reply = try await harness.decide(
                harness.row(id, for: superior), .approved, by: superior)
            #expect(reply.node == "主管部门审核")
        }
    }

    /// Alone when the declaration was submitted, and not when it comes back from the superior.
    @Test func whatComesBackAfterAColleagueJoinedIsTheUnitsAlone() async throws {
        try await Harness.run { harness in
            let person = harness.applicant(1, isAlone: true)
            let superior = harness.superior()
            let claimed = try await harness.claim(
                harness.submitted(person, harness.plan()), by: superior)
            try await harness.recommend(claimed.id, by: superior)
            _ = try await harness.decide(claimed, .approved, by: superior)
            let message = IdempotencyKey.random()
            for _ in 1...2 {
                try await harness.officersChanged(accompanied: person.key, message: message)
            }
            _ = try await harness.decide(
                harness.row(claimed.id, for: superior), .returned, by: superior,
                opinion: "请补正")
            #expect(try await harness.tasks(superior).list(.init()).tasks.isEmpty)
            let colleague = harness.officer("郑经办")
            let back = try await harness.tasks(colleague).list(.init()).tasks
            #expect(back.map(\.objectID) == [claimed.id] && back[0].node == "单位审核")
        }
    }

    /// The superior was told of it, and may have begun.
    @Test func whatWaitsWhenAColleagueJoinsStaysWithBoth() async throws {
        try await Harness.run { harness in
            let person = harness.applicant(1, isAlone: true)
            let row = try await harness.submitted(person, harness.plan())
            try await harness.officersChanged(accompanied: person.key)
            for token in [harness.superior(), harness.officer("郑经办")] {
                #expect(
                    try await harness.tasks(token).list(.init()).tasks.map(\.objectID)
                        == [row.id])
            }
        }
    }
}

/// The declaration so many times more, of other persons.
private struct Copies: Command {
    let id: String
    let count: Int

    func read(_ rows: any RowReader) throws {}

    func decide(_ facts: Void, at now: Timestamp) throws(Refusal) -> Plan<Tasks.DecideReply> {
        let rest = """
            person_id, applicant_name, applicant, unit_id, unit, plan_id, phase, in_flight, version,
            round, accepted_round, sort_ms, submitted_ms, application, item_ids, claimed_by,
            claimed_by_name, reviewed, defects, correct_by
            """
        return Plan(
            writes: [
                Statement(
                    """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                    INSERT INTO declarations (id, person_key, \(rest))
                    SELECT printf('%032d', i), CAST(printf('copy-%d', i) AS BLOB), \(rest)
                    FROM n, declarations WHERE id = ?
                    """, [.integer(Int64(count)), .text(id)])
            ], reply: Tasks.DecideReply())
    }
}
