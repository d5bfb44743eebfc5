import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// 合并 and 停用 of units: what this service says before, and does afterwards.
struct MergeTests {
    @Test func whatWaitsHoldsAMergeUp() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let draft = try await harness.draft(person, plan)
            #expect(try await harness.held(.school).isEmpty, "a draft is not in flight")
            let held = try await refusal { try await harness.submit(person, draft) }
            #expect(held.code == .aborted && held.message.contains("合并"))
            // Another unit's are not concerned.
            let other = try await harness.submitted(harness.applicant(2, of: .company), plan)
            harness.clock.advance(by: .milliseconds(HeldUnits.holdMilliseconds))
            let row = try #require(try await harness.submit(person, draft).row)
            #expect(try await harness.held(.school) == ["职称申报 1"])
            // Wherever it is.
            let officer = harness.officer("陈经办")
            let claimed = try await harness.claim(row, by: officer)
            try await harness.recommend(row.id, by: officer)
            _ = try await harness.decide(claimed, .approved, by: officer)
            #expect(try await harness.row(row.id, for: person.token).state == .superiorReview)
            #expect(try await harness.held(.school) == ["职称申报 1"])
            #expect(try await harness.held(.company) == ["职称申报 1"])
            _ = try await harness.declarations(harness.applicant(2, of: .company).token).withdraw(
                .init(id: other.id, expectedVersion: other.version))
            #expect(try await harness.held(.company).isEmpty)
        }
    }

    /// What ended stays readable, as it was, for the unit that goes on.
    @Test func aMergedUnitsDeclarationsAreTheOthers() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let person = harness.applicant(1)
            let officer = harness.officer("陈经办")
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(row, .terminated, by: officer)
            try await harness.merge(.school, into: .company)
            let other = harness.officer("郑经办", of: .company)
            let seen = try await harness.declarations(other).get(.init(id: row.id))
            #expect(seen.row?.state == .terminated && seen.flow.last?.actorName == "陈经办")
            #expect(
                try await harness.declarations(other).list(.init(view: .reviewed)).rows.map(\.id)
                    == [row.id])
            let gone = try await refusal { try await harness.row(row.id, for: officer) }
            #expect(gone.code == .notFound)
            // The unit is as it was when it was submitted, but for whose it is.
            let stored = try harness.database.read { rows in
                try DeclarationStore.declaration(row.id, rows)?.unit
            }
            #expect(stored?.id == "unit-company")
            #expect(stored?.name == Identity.UnitSummary.school.name)
            // The applicant's own, and the ban, are what they were.
            #expect(try await harness.row(row.id, for: person.token).state == .terminated)
            #expect(try harness.number("SELECT count(*) FROM bans") == 1)
            // Who asked for the person's unit before the merge is refused for ever.
            harness.clock.advance(by: .seconds(86_400))
            let late = harness.applicant(2)
            let draft = try await harness.draft(late, plan)
            #expect(
                try await refusal { try await harness.submit(late, draft) }.code == .aborted)
        }
    }

    @Test func aMergeSeeksInIndexes() async throws {
        try await Harness.stopped { harness in
            for (table, column, condition) in [
                ("declarations", "unit_id", "submitted_ms IS NOT NULL"),
                ("rounds", "desk", "outcome IS NULL"), ("rounds", "desk", "outcome IS NOT NULL"),
                ("notices", "unit_id", ""), ("entrustments", "unit_id", ""),
            ] {
                let move = ApplyMerge.Place(table, column: column, where: condition)
                    .move("unit-school", to: "unit-company")
                let plan = try harness.database.queryPlan(of: move)
                #expect(plan.first?.hasPrefix("SEARCH \(table) USING") == true)
            }
            let open = try harness.database.queryPlan { rows in
                _ = try DeclarationStore.open(at: "unit-school", rows)
            }
            #expect(open.first?.contains("declarations_unit_open") == true)
        }
    }

    /// A correction goes on: its term runs.
    @Test func nothingNewIsSubmittedToASuspendedUnit() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let person = harness.applicant(1)
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await harness.decide(row, .returned, by: officer, defects: ["缺少证书"])
            let returned = try await harness.row(row.id, for: person.token)
            let newcomer = harness.applicant(2, isSuspended: true)
            let draft = try await harness.draft(newcomer, plan)
            let refused = try await refusal { try await harness.submit(newcomer, draft) }
            #expect(refused.code == .failedPrecondition && refused.message.contains("已停用"))
            let suspended = harness.applicant(1, isSuspended: true)
            let corrected = try await harness.submit(
                suspended, Declaration.DeclarationDetail(row: returned))
            #expect(corrected.row?.state == .unitPool)
        }
    }
}
