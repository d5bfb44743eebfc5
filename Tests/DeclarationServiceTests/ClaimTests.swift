import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import DeclarationService

struct ClaimTests {
    /// 1,000 claims of one task at once: one winner, 999 told who.
    @Test func theRaceForAClaimHasOneWinner() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let row = try await harness.submitted(harness.applicant(1), plan)
            let officers = (0..<1_000).map { harness.officer("经办\($0)", colleagues: 1_000) }
            let results = await withTaskGroup(of: Result<String, any Error>.self) { group in
                for token in officers {
                    // Below the tests that count milliseconds.
                    group.addTask(priority: .background) {
                        do {
                            return .success(
                                try await harness.claim(row, by: token, timeout: .seconds(60))
                                    .claimedByName)
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = results.compactMap { try? $0.get() }
            #expect(winners.count == 1)
            var losers = 0
            for case .failure(let error) in results {
                let error = try #require(error as? RPCError)
                #expect(error.code == .failedPrecondition)
                #expect(error.detail(Common.ClaimHolder.self)?.officerName == winners.first)
                losers += 1
            }
            #expect(losers == 999)
            let claims = "SELECT count(*) FROM audit WHERE action = 'declaration.claim'"
            #expect(try harness.number(claims) == 1)
        }
    }

    @Test func releaseAndWhoMay() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (holder, colleague) = (harness.officer("陈经办"), harness.officer("郑经办"))
            let administrator = harness.officer("林主任", administrator: true)
            let row = try await harness.claim(
                harness.submitted(harness.applicant(1), plan), by: holder)
            #expect(row.state == .unitReview && row.status == "审核中" && row.claimedByName == "陈经办")
            #expect(try await harness.claim(row, by: holder) == row, "who holds it keeps it")
            let request = Declaration.ReleaseClaimRequest(id: row.id, expectedVersion: row.version)
            let denied = try await refusal {
                try await harness.declarations(colleague).releaseClaim(request)
            }
            #expect(denied.detail(Common.ClaimHolder.self)?.officerName == "陈经办")
            let released = try await harness.declarations(administrator).releaseClaim(request)
            #expect(released.row?.state == .unitPool && released.row?.claimedBy == "")
            let again = try await harness.claim(try #require(released.row), by: colleague)
            let back = try await harness.declarations(colleague).releaseClaim(
                Declaration.ReleaseClaimRequest(id: again.id, expectedVersion: again.version))
            #expect(back.row?.status == "待领取")
        }
    }

    @Test func nobodyElseClaims() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let row = try await harness.submitted(harness.applicant(1), plan)
            let foreign = harness.officer("外单位", of: .company)
            #expect(
                try await refusal { try await harness.claim(row, by: foreign) }.code == .notFound)
            let oneself = harness.officer("姚姣2", key: "key-1")
            #expect(
                try await refusal { try await harness.claim(row, by: oneself) }.code
                    == .permissionDenied)
            let unrecorded = harness.officer("无名", recorded: false)
            #expect(
                try await refusal { try await harness.claim(row, by: unrecorded) }.code
                    == .failedPrecondition)
        }
    }

    /// Decision 2: what waits is a sole officer's own already.
    @Test func aUnitWithOneOfficerClaimsByItself() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办", colleagues: 1)
            let submitted = try await harness.submitted(harness.applicant(1), plan)
            let list = try await harness.declarations(officer).list(
                Declaration.ListDeclarationsRequest())
            #expect(list.rows.first?.status == "审核中" && list.rows.first?.claimedByName == "陈经办")
            #expect(list.views.map(\.count) == [1, 0, 0, 0, 1])
            func tasks(_ claimedBy: String) async throws -> [Tasks.Task] {
                try await harness.tasks(officer).list(
                    Tasks.ListTasksRequest(filter: Tasks.TaskFilter(claimedBy: claimedBy))
                ).tasks
            }
            #expect(try await tasks("none").isEmpty)
            #expect(try await tasks("officer-陈经办").first?.stateLabel == "审核中")
            try await harness.recommend(submitted.id, by: officer, occupies: false)
            let reply = try await harness.decide(submitted, .approved, by: officer)
            #expect(reply.state == .done && reply.version == submitted.version + 2)
            #expect(reply.node == "主管部门审核")
            let audit = try harness.number(
                "SELECT count(*) FROM audit WHERE action IN ('declaration.claim', 'declaration.approve')"
            )
            #expect(audit == 2, "one entry per state change")
        }
    }
}
