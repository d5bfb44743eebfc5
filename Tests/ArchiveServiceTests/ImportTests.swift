import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct ImportTests {
    private let person = User.applicant()
    private static let fields = [
        "school", "start", "end", "major", "mode", "years", "overseas", "education", "cert_no",
        "degree", "degree_date",
    ]

    /// 教育经历 as a row, with other cells where they are given.
    private func row(_ changes: [String: String] = [:]) -> Common.ImportRow {
        Common.ImportRow(
            cells: Self.fields.map { changes[$0] ?? Harness.education[$0] ?? "" })
    }

    private func send(
        _ harness: Harness, _ rows: [Common.ImportRow], checkOnly: Bool = false,
        kind: String = "education", fields: [String] = fields,
        key: IdempotencyKey = .random()
    ) async throws -> Archive.ImportItemsReply {
        var options = CallOptions()
        options.idempotencyKey = key
        return try await harness.archive(person).importItems(
            Archive.ImportItemsRequest(
                kind: kind, fields: fields, rows: rows, checkOnly: checkOnly), options: options)
    }

    @Test func rowsBecomeDraftsThatCanBeSubmitted() async throws {
        let harness = try Harness()
        let key = IdempotencyKey.random()
        let rows = [row(), row(["school": "厦门大学", "years": "4年"])]
        let reply = try await send(harness, rows, key: key)
        #expect(reply == Archive.ImportItemsReply(imported: 2, room: 1_998))
        #expect(try await send(harness, rows, key: key) == reply, "a repeat changes nothing")
        let items = try await harness.archive(person).listItems(Archive.ListItemsRequest()).items
        #expect(items.count == 2 && Set(items.map(\.mainName)) == ["福建大学", "厦门大学"])
        #expect(items.allSatisfy { $0.state == .draft && $0.version == 1 && $0.round == 0 })
        let own = try await harness.save(person, "education", Harness.education)
        let same = try #require(items.first { $0.mainName == "福建大学" })
        #expect(same.values == own.values && same.listCells == own.listCells)
        #expect(
            try harness.number("SELECT count(*) FROM audit WHERE action = 'archive.item.save'") == 3
        )
        _ = try await harness.attach(person, same)
        #expect(try await harness.submit(person, same).state == .reviewing)
    }

    @Test func aCheckNamesEveryFaultByRowAndField() async throws {
        let harness = try Harness()
        let rows = [
            row(), row(["school": "", "end": "2009-11-30", "years": "两"]),
            row(["school": String(repeating: "字", count: 201), "mode": ""]),
            row(["degree_date": ""]), Common.ImportRow(cells: ["只有学校"]),
        ]
        let reply = try await send(harness, rows, checkOnly: true)
        #expect(reply.imported == 0 && reply.room == 2_000)
        #expect(
            reply.faults.map { "\($0.row) \($0.field)" }.prefix(5) == [
                "2 school", "2 end", "2 years", "3 school", "4 degree_date",
            ])
        #expect(reply.faults[1].label == "毕业日期" && reply.faults[1].message == "应晚于入学日期")
        #expect(reply.faults.filter { $0.row == 5 }.count == 7, "every required field")
        #expect(!reply.faults.contains { $0.field == "evidence" }, "it is uploaded afterwards")
        #expect(try harness.number("SELECT count(*) FROM items") == 0)
    }

    @Test func oneFaultAndNothingIsImported() async throws {
        let harness = try Harness()
        let error = try await refusal {
            try await send(harness, [row(), row(["school": ""])])
        }
        #expect(error.code == .invalidArgument)
        #expect(error.fields == ["rows[1].school"])
        #expect(error.violations.map(\.label) == ["第 2 行 毕业院校"])
        #expect(try harness.number("SELECT count(*) FROM items") == 0)
        #expect(try harness.number("SELECT count(*) FROM audit") == 0)
        let many = try await refusal {
            try await send(
                harness, Array(repeating: Common.ImportRow(cells: []), count: 20))
        }
        #expect(many.violations.count == 100)
    }

    @Test func theRequestAsAWhole() async throws {
        let harness = try Harness()
        func fields(
            _ rows: [Common.ImportRow], kind: String = "education", fields: [String] = Self.fields
        ) async throws -> [String] {
            try await refusal {
                try await send(harness, rows, checkOnly: true, kind: kind, fields: fields)
            }.fields
        }
        #expect(try await fields([row()], kind: "") == ["kind"])
        #expect(try await fields([row()], kind: "paperback") == ["kind"])
        #expect(try await fields([]) == ["rows"])
        #expect(try await fields(Array(repeating: row(), count: 1_001)) == ["rows"])
        #expect(try await fields([row()], fields: []) == ["fields"])
        #expect(try await fields([row()], fields: ["school", "evidence", "x"]).count == 2)
        #expect(try await fields([row()], fields: ["school", "school"]) == ["fields"])
        let wide = try await send(
            harness, [row()], checkOnly: true, fields: Array(Self.fields.prefix(10)))
        #expect(wide.faults.contains { $0.row == 1 && $0.field == "" })
        let rows = Array(repeating: row(), count: 1_001)
        #expect(try await refusal { try await send(harness, rows) }.fields == ["rows"])
    }

    @Test func noMoreThanAnArchiveHolds() async throws {
        let harness = try Harness()
        // Two cells a row: it is the number that counts.
        let thousand = Array(
            repeating: Common.ImportRow(cells: ["2021", "合格"]), count: 1_000)
        for room in [1_000, 0] {
            let reply = try await send(
                harness, thousand, kind: "annual_appraisal", fields: ["year", "result"])
            #expect(reply.imported == 1_000 && reply.room == room)
        }
        #expect(try await refusal { try await send(harness, [row()]) }.code == .failedPrecondition)
        #expect(try await send(harness, [row()], checkOnly: true).room == 0)
        #expect(try harness.number("SELECT count(*) FROM items") == 2_000)
    }
}
