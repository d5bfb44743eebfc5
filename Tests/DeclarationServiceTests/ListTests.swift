import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import Testing

@testable import DeclarationService

/// 申报情况 (D3) and the task source (T1, T2, T3, T5).
struct ListTests {
    @Test func viewsAndSearch() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            let names = ["姣姣1", "姣姣2", "姚姣2"]
            for (n, name) in names.enumerated() {
                let row = try await harness.submitted(harness.applicant(n, name: name), plan)
                harness.clock.advance(by: .seconds(60))
                if n > 0 { _ = try await harness.claim(row, by: officer) }
            }
            let own = harness.applicant(9, name: "外单位")
            _ = try await harness.draft(own, plan)
            _ = try await harness.submitted(harness.applicant(10, of: .company), plan)
            func list(
                _ view: Declaration.DeclarationView, _ name: String = ""
            ) async throws -> Declaration.ListDeclarationsReply {
                try await harness.declarations(officer).list(
                    Declaration.ListDeclarationsRequest(view: view, name: name))
            }
            let all = try await list(.unspecified)
            #expect(all.rows.map(\.applicantName) == ["姚姣2", "姣姣2", "姣姣1"])
            #expect(all.views.map(\.label) == ["待审核", "待领取", "已审核", "被退回", "全部"])
            #expect(all.views.map(\.count) == [3, 1, 0, 0, 3] && all.total == 3)
            #expect(try await list(.unclaimed).rows.map(\.applicantName) == ["姣姣1"])
            let found = try await list(.all, "姣2")
            #expect(found.rows.map(\.applicantName) == ["姚姣2", "姣姣2"] && found.total == 2)
            #expect(try await list(.pending).total == 3)
            #expect(try await list(.reviewed).rows.isEmpty)
            let mine = try await harness.declarations(own.token).list(
                Declaration.ListDeclarationsRequest())
            #expect(mine.rows.map(\.status) == ["草稿"] && mine.total == 1)
        }
    }

    @Test func tasksAreFilteredAndPaged() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let officer = harness.officer("陈经办")
            for n in 0..<7 {
                let row = try await harness.submitted(harness.applicant(n, name: "申报人\(n)"), plan)
                if n.isMultiple(of: 2) { _ = try await harness.claim(row, by: officer) }
                harness.clock.advance(by: .seconds(86_400))
            }
            func list(
                _ filter: Tasks.TaskFilter, _ page: Common.PageRequest? = nil
            ) async throws -> Tasks.ListTasksReply {
                try await harness.tasks(officer).list(
                    Tasks.ListTasksRequest(filter: filter, page: page))
            }
            let all = try await list(Tasks.TaskFilter()).tasks
            #expect(all.count == 7 && all.first?.kindLabel == "职称申报")
            #expect(all.first?.title == "测试中级工程师-工程力学" && all.first?.node == "单位审核")
            #expect(try await list(Tasks.TaskFilter(claimedBy: "none")).tasks.count == 3)
            #expect(
                try await list(Tasks.TaskFilter(claimedBy: "officer-陈经办")).tasks.count == 4)
            #expect(
                try await list(Tasks.TaskFilter(applicant: "人3")).tasks.map(\.applicantName)
                    == ["申报人3"])
            #expect(
                try await list(
                    Tasks.TaskFilter(fromDay: "2022-04-20", toDay: "2022-04-21")
                ).tasks.map(\.applicantName) == ["申报人2", "申报人1"])
            #expect(try await list(Tasks.TaskFilter(kinds: ["registration"])).tasks.isEmpty)
            var paged: [Tasks.Task] = []
            var cursor: [UInt8] = []
            repeat {
                let page = try await list(
                    Tasks.TaskFilter(), Common.PageRequest(size: 3, cursor: cursor))
                paged += page.tasks
                cursor = page.nextCursor
            } while !cursor.isEmpty
            #expect(paged == all)
            // The cursor may name another source's task: ids compare as plain text.
            let same = PageCursor(sort: all[2].sortMs, id: "archive:x:1")
            let later = PageCursor(sort: all[2].sortMs, id: "registration:x:1")
            #expect(
                try await list(Tasks.TaskFilter(), Common.PageRequest(cursor: same.bytes)).tasks
                    == Array(all[3...]))
            #expect(
                try await list(Tasks.TaskFilter(), Common.PageRequest(cursor: later.bytes)).tasks
                    == Array(all[2...]))
        }
    }

    @Test func mineIsWhatThisOfficerDecided() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            for (n, name) in ["陈经办", "郑经办"].enumerated() {
                let officer = harness.officer(name)
                let row = try await harness.claim(
                    harness.submitted(harness.applicant(n), plan), by: officer)
                _ = try await harness.decide(row, .returned, by: officer)
            }
            let officer = harness.officer("郑经办")
            func processed(mine: Bool) async throws -> [String] {
                try await harness.tasks(officer).list(
                    Tasks.ListTasksRequest(
                        view: .processed, filter: Tasks.TaskFilter(mine: mine))
                ).tasks.map(\.decidedByName)
            }
            #expect(try await processed(mine: false) == ["郑经办", "陈经办"])
            #expect(try await processed(mine: true) == ["郑经办"])
        }
    }

    /// Random histories: the counter rows equal a recount.
    @Test func countsNeverDrift() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            var generator = SystemRandomNumberGenerator()
            let officers = [harness.officer("陈经办"), harness.officer("郑经办", of: .company)]
            harness.quota.vacancies = 2
            for n in 0..<24 {
                let side = n % 2
                let person = harness.applicant(n, of: side == 0 ? .school : .company)
                var row = try await harness.submitted(person, plan)
                for _ in 0..<Int.random(in: 0..<9, using: &generator) {
                    row = try await harness.randomEvent(
                        row, person, officers[side], isSchool: side == 0, &generator)
                }
            }
            try await harness.drained()
            for (unit, officer) in [("unit-school", officers[0]), ("unit-company", officers[1])] {
                try await harness.recount(unit, officer)
            }
            // So they do when one unit is merged into the other: whatever waits goes with it.
            try await harness.merge(.company, into: .school)
            for (unit, officer) in [("unit-school", officers[0]), ("unit-company", officers[1])] {
                try await harness.recount(unit, officer)
            }
            for (desk, token) in [
                ("superior:350100", harness.superior()),
                ("committee:committee-1", harness.committee()),
            ] {
                try await harness.recountRounds(desk, token)
            }
            #expect(
                try harness.number(
                    "SELECT count(*) FROM declarations WHERE reservation_id IS NOT NULL")
                    == Int64(harness.quota.held.count))
            #expect(
                try harness.number(
                    "SELECT count(*) FROM steps WHERE state = 1") == 0)
        }
    }
}

extension Harness {
    /// Whatever is refused leaves no effect; the row afterwards is returned.
    fileprivate func randomEvent(
        _ row: Declaration.DeclarationRow, _ person: Applicant, _ officer: [UInt8],
        isSchool: Bool, _ generator: inout SystemRandomNumberGenerator
    ) async throws -> Declaration.DeclarationRow {
        switch (row.state, Int.random(in: 0..<4, using: &generator)) {
        case (.unitPool, 1...): _ = try await claim(row, by: officer)
        case (.unitReview, 0):
            _ = try await declarations(officer).releaseClaim(
                Declaration.ReleaseClaimRequest(id: row.id, expectedVersion: row.version))
        case (.unitReview, 1): _ = try await decide(row, .returned, by: officer)
        case (.unitReview, 2):
            try await recommend(row.id, by: officer, occupies: isSchool ? true : nil)
            _ = try? await decide(row, .approved, by: officer)
        case (.unitReview, _):
            _ = try? await decide(row, .terminated, by: officer, opinion: "")
            _ = try await decide(row, .terminated, by: officer)
        case (.returnedToApplicant, _):
            _ = try await submit(person, Declaration.DeclarationDetail(row: row))
        case (.superiorReview, 0...1): _ = try await returnedToUnit(row.id, officer)
        case (.superiorReview, 2):
            _ = try await decide(self.row(row.id, for: superior()), .approved, by: superior())
        case (.committeeCheck, let n):
            _ = try await decide(
                self.row(row.id, for: committee()), [.approved, .returned, .terminated][n % 3],
                by: committee())
        case (.expertReview, let n):
            _ = try await declarations(committee()).saveVotes(
                Declaration.SaveVotesRequest(id: row.id, present: 3, inFavour: UInt32(n)))
            _ = try await decide(
                self.row(row.id, for: committee()), n < 2 ? .failed : .approved, by: committee())
        case (.returnedToUnit, 3), (.unitPool, 0):
            _ = try await declarations(person.token).withdraw(
                Declaration.WithdrawRequest(id: row.id, expectedVersion: row.version))
        case (.returnedToUnit, let n):
            _ = try await decide(row, n == 0 ? .approved : .returned, by: officer)
        default: break
        }
        return try await self.row(row.id, for: person.token)
    }

    fileprivate func recount(_ unit: String, _ officer: [UInt8]) async throws {
        func rows(_ condition: String) throws -> Int64 {
            try number(
                "SELECT count(*) FROM declarations WHERE unit_id = ? AND submitted_ms IS NOT NULL AND \(condition)",
                [.text(unit)])
        }
        let views = try await declarations(officer).list(Declaration.ListDeclarationsRequest())
            .views.map(\.count)
        let recounted = [
            try rows("phase IN (2, 3, 4)"), try rows("phase = 2"),
            try number(
                "SELECT count(DISTINCT declaration_id) FROM rounds WHERE desk = ? AND outcome IS NOT NULL",
                [.text(unit)]), try rows("phase = 12"), try rows("1 = 1"),
        ]
        #expect(views == recounted)
        try await recountRounds(unit, officer)
    }

    fileprivate func recountRounds(_ desk: String, _ token: [UInt8]) async throws {
        func decided(_ condition: String) throws -> Int64 {
            try number(
                "SELECT count(*) FROM rounds WHERE desk = ? AND outcome \(condition)",
                [.text(desk)])
        }
        let counts = try #require(
            try await tasks(token).count(Tasks.CountTasksRequest()).counts.first)
        #expect(counts.pending == (try decided("IS NULL")))
        #expect(counts.approved == (try decided("= 1")))
        #expect(counts.returned == (try decided("= 2")))
        #expect(counts.terminated == (try decided("= 3")))
        #expect(counts.processed == (try decided("IS NOT NULL")))
    }
}
