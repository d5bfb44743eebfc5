import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import ArchiveService

extension Harness {
    /// identity-service's calls.
    var changes: Identity.OfficerChangesClient {
        Identity.OfficerChangesClient(channel(nil, as: "identity-service"))
    }

    /// identity-service has merged the unit.
    func merge(
        _ unit: String, into other: String, message: IdempotencyKey = .random()
    ) async throws {
        var options = CallOptions()
        options.idempotencyKey = message
        _ = try await changes.applyMerge(.init(unitID: unit, intoID: other), options: options)
    }
}

/// 合并 of units: what this service says before, and does afterwards.
@Suite struct MergeTests {
    private let harness: Harness
    private let person = User.applicant()

    init() throws { harness = try Harness() }

    private func waiting() async throws -> [String] {
        try await harness.changes.holdUnit(.init(unitID: "school")).waiting.map {
            "\($0.label) \($0.count)"
        }
    }

    @Test func whatWaitsAtAUnitIsNamed() async throws {
        _ = try await harness.item(.reviewing, of: person)
        _ = try await harness.item(.draft, of: person)
        let approved = try await harness.item(.approved, of: person)
        _ = try await harness.withdraw(approved, person)
        #expect(try await waiting() == ["业绩档案 1", "撤回申请 1"])
        #expect(try harness.number("SELECT count(*) FROM held_units") == 0)
        // Who waits for an answer is not kept from submitting.
        _ = try await harness.item(.reviewing, of: .applicant(2))
    }

    @Test func nothingIsSubmittedToAUnitThatIsBeingMerged() async throws {
        let draft = try await harness.item(.draft, of: person)
        let approved = try await harness.item(.approved, of: person)
        #expect(try await waiting().isEmpty)
        let refusals = [
            try await refusal { try await harness.submit(person, draft) },
            try await refusal { try await harness.withdraw(approved, person) },
        ]
        for error in refusals {
            #expect(error.code == .aborted && error.message.contains("合并"))
        }
        // Another unit's people are not concerned, and the hold is over by itself.
        _ = try await harness.item(.reviewing, of: .applicant(2, unit: "company"))
        harness.test.clock.advance(by: .milliseconds(HeldUnits.holdMilliseconds))
        _ = try await harness.submit(person, draft)
        #expect(try await waiting() == ["业绩档案 1"])
    }

    @Test func aMergedUnitsArchiveIsTheOthers() async throws {
        let approved = try await harness.item(.approved, of: person)
        let message = IdempotencyKey.random()
        for _ in 1...2 { try await harness.merge("school", into: "company", message: message) }
        let seen = try await harness.archive(.company).getItem(.init(id: approved.id))
        #expect(seen.state == .approved && seen.version == approved.version)
        #expect(seen.flow.map(\.action) == ["提交", "通过"] && seen.versions.count == 1)
        let gone = try await refusal {
            try await harness.archive(.school).getItem(.init(id: approved.id))
        }
        #expect(gone.code == .notFound)
        let processed = try await harness.tasks(.company).list(.init(view: .processed))
        #expect(processed.tasks.map(\.objectID) == [approved.id])
        // Whoever asked for the person's unit before the merge is refused for ever; the next question tells the other unit.
        harness.test.clock.advance(by: .seconds(86_400))
        let draft = try await harness.save(person, "work_history", Harness.work)
        #expect(
            try await refusal { try await harness.submit(person, draft) }.code == .aborted)
        var moved = person
        moved.unitID = "company"
        _ = try await harness.submit(moved, draft)
        _ = try await harness.withdraw(approved, moved)
        #expect(try await harness.tasks(.company).count(.init()).pending == 2)
    }

    @Test func onlyWhatNamesUnitsIsTaken() async throws {
        for units in [("", "company"), ("school", ""), (String(repeating: "a", count: 65), "b")] {
            let error = try await refusal {
                try await harness.merge(units.0, into: units.1)
            }
            #expect(error.code == .invalidArgument)
        }
        let unnamed = try await refusal { try await harness.changes.holdUnit(.init()) }
        #expect(unnamed.code == .invalidArgument)
    }

    @Test func aMergeSeeksInIndexes() throws {
        for (table, condition) in [
            ("items", ""), ("withdrawals", ""), ("item_versions", VersionStore.pending),
            ("item_versions", "outcome IS NOT NULL"),
        ] {
            let move = ApplyMerge.Place(table, where: condition).move("school", to: "company")
            let plan = try harness.database.queryPlan(of: move)
            #expect(plan.first?.hasPrefix("SEARCH \(table) USING") == true)
        }
    }

    /// Nobody of a suspended unit could review it; corrections have no term, and wait.
    @Test func nothingIsSubmittedToASuspendedUnit() async throws {
        let draft = try await harness.item(.draft, of: person)
        let returned = try await harness.item(.returned, of: person)
        let approved = try await harness.item(.approved, of: person)
        harness.identity.set("school", isSuspended: true)
        for item in [draft, returned] {
            let error = try await refusal { try await harness.submit(person, item) }
            #expect(error.code == .failedPrecondition && error.message.contains("已停用"))
        }
        let withdrawal = try await refusal { try await harness.withdraw(approved, person) }
        #expect(withdrawal.code == .failedPrecondition && withdrawal.message.contains("已停用"))
        _ = try await harness.item(.reviewing, of: .applicant(2, unit: "company"))
        harness.identity.set("school", isSuspended: false)
        for item in [draft, returned] { _ = try await harness.submit(person, item) }
    }
}

/// I8: what an earlier unit keeps of an item that went on with its person.
@Suite struct FormerItemTests {
    private let harness: Harness
    private let person = User.applicant()

    init() throws { harness = try Harness() }

    /// The person, at another unit, corrects the item and submits it there.
    private func submitElsewhere(_ item: Archive.Item) async throws -> Archive.Item {
        var moved = person
        moved.unitID = "company"
        var values = Harness.work
        values["employer"] = "第二单位"
        let now = try await harness.archive(moved).getItem(.init(id: item.id))
        let saved = try await harness.save(
            moved, "work_history", values, id: now.id, version: now.version)
        return try await harness.submit(moved, saved)
    }

    @Test func theOldUnitSeesItAsItWas() async throws {
        let returned = try await harness.item(.returned, of: person)
        let moved = try await submitElsewhere(returned)
        _ = try await harness.decide(moved, .approved, by: .company)
        let kept = try await harness.archive(.school).getItem(.init(id: returned.id))
        #expect(kept.unitID == "school" && kept.state == .returned && kept.taskID.isEmpty)
        #expect(kept.version == returned.version && kept.round == 1)
        #expect(kept.mainName == "福州市第一中学")
        #expect(kept.flow.map(\.action) == ["提交", "退回"], "nothing of the new unit")
        #expect(kept.versions.map(\.round) == [1] && kept.differences.isEmpty)
        let first = try await harness.archive(.school).getItem(.init(id: returned.id, round: 1))
        #expect(first.mainName == kept.mainName)
        let later = try await refusal {
            try await harness.archive(.school).getItem(.init(id: returned.id, round: 2))
        }
        #expect(later.code == .notFound)
        // It is in no list, and nothing can be done with it.
        #expect(try await harness.archive(.school).listItems(.init()).items.isEmpty)
        #expect(
            try await refusal { try await harness.decide(moved, .returned) }.code == .notFound)
        #expect(
            try await refusal { try await harness.decide(returned, .approved) }.code == .aborted)
        // The new unit sees its own.
        let own = try await harness.archive(.company).getItem(.init(id: returned.id))
        #expect(own.state == .approved && own.mainName == "第二单位")
        // A third unit sees nothing.
        var stranger = User.company
        (stranger.personID, stranger.unitID) = ("officer-9", "third")
        let unknown = try await refusal {
            try await harness.archive(stranger).getItem(.init(id: returned.id))
        }
        #expect(unknown.code == .notFound)
    }

    @Test func soItDoesAfterAWithdrawal() async throws {
        let approved = try await harness.item(.approved, of: person)
        _ = try await harness.decide(try await harness.withdraw(approved, person), .approved)
        let before = try await harness.archive(.school).getItem(.init(id: approved.id))
        _ = try await submitElsewhere(approved)
        let kept = try await harness.archive(.school).getItem(.init(id: approved.id))
        #expect(kept == before)
        #expect(kept.versions.map(\.withdrawn) == [true] && kept.state == .returned)
        // What the unit kept goes on with the unit into which it was merged.
        try await harness.merge("school", into: "third")
        var other = User.school
        (other.personID, other.unitID) = ("officer-8", "third")
        let theirs = try await harness.archive(other).getItem(.init(id: approved.id))
        #expect(theirs.flow == kept.flow && theirs.unitID == "third")
    }
}
