import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// 公示 by the unit (D6).
struct NoticeTests {
    private static let day = 86_400

    @Test func fiveWorkingDaysAndAProof() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let client = harness.declarations(officer)
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            let notice = try await client.openNotice(
                .init(id: row.id, expectedVersion: row.version))
            #expect(notice.openedDay == "2022-04-19" && notice.untilDay == "2022-04-25")
            #expect(notice.content.first { $0.key == "name" }?.value == "姚姣2")
            #expect(!notice.content.contains { $0.value.contains("002X") }, "no numbers")
            let open = try await harness.row(row.id, for: officer)
            #expect(open.state == .unitPublicity && open.status == "公示中")
            #expect(
                try await refusal { try await harness.decide(open, .approved, by: officer) }.code
                    == .invalidArgument, "no recommendation yet")
            let views = try await client.list(.init()).views.map(\.count)
            #expect(views == [1, 0, 0, 0, 1])

            let early = try await refusal {
                try await client.closeNotice(
                    .init(noticeID: notice.id, expectedVersion: open.version))
            }
            #expect(early.code == .failedPrecondition && early.message.contains("2022-04-25"))
            harness.clock.advance(by: .seconds(7 * Self.day))
            let closed = try await client.closeNotice(
                .init(noticeID: notice.id, expectedVersion: open.version))
            #expect(closed.closedMs > 0)
            let detail = try await client.get(.init(id: row.id))
            #expect(detail.row?.state == .unitReview && detail.row?.claimedByName == "陈经办")
            #expect(detail.noticeUntil == "")
            let proof = try #require(detail.recommendation?.noticeProofs.first)
            #expect(proof.fileName == "公示证明.pdf" && proof.mediaType == "application/pdf")
            let content = try await client.downloadMaterial(
                .init(id: row.id, attachmentID: proof.id), atMost: 100_000
            ).content
            #expect(content.starts(with: Array("%PDF-1.4".utf8)))
            #expect(detail.flow.suffix(2).map(\.action) == ["开始公示", "公示结束"])

            // The proof counts as the recommendation's: the text and the post are still to be said.
            let now = try #require(detail.row)
            let fields = try await refusal {
                try await harness.decide(now, .approved, by: officer)
            }.fields
            #expect(!fields.contains("recommendation.notice_proofs"))
            #expect(fields.contains("recommendation.text"))
            #expect(
                try await refusal {
                    try await client.recordObjection(.init(noticeID: notice.id, text: "晚了"))
                }.code == .failedPrecondition)
        }
    }

    @Test func objectionsAreResolvedFirst() async throws {
        try await Harness.run { harness in
            let officer = harness.officer("陈经办")
            let notice = try await harness.notice(by: officer)
            let client = harness.declarations(officer)
            let empty = try await refusal { try await harness.object("", notice, by: officer) }
            #expect(empty.fields == ["text"])
            let objected = try await harness.object(
                "年限有误", notice, by: harness.officer("郑经办"))
            #expect(objected.objections.map(\.recordedByName) == ["郑经办"])
            harness.clock.advance(by: .seconds(7 * Self.day))
            let open = try await refusal { try await harness.close(notice, by: officer) }
            #expect(open.message.contains("1 件异议"))
            let request = Declaration.ResolveObjectionRequest(
                noticeID: notice.id, objectionID: objected.objections.first?.id ?? "",
                resolution: "经查不属实")
            let resolved = try await client.resolveObjection(request)
            #expect(resolved.objections.map(\.resolvedByName) == ["陈经办"])
            let again = try await refusal { try await client.resolveObjection(request) }
            #expect(again.code == .failedPrecondition)
            let closed = try await harness.close(notice, by: officer)
            #expect(closed.objections == resolved.objections)
        }
    }

    @Test func whoseNoticeItIs() async throws {
        try await Harness.run { harness in
            let officer = harness.officer("陈经办")
            let notice = try await harness.notice(by: officer)
            harness.clock.advance(by: .seconds(7 * Self.day))
            let colleague = harness.officer("郑经办")
            let foreign = try await refusal { try await harness.close(notice, by: colleague) }
            let holder: Common.ClaimHolder? = foreign.detail()
            #expect(holder?.officerName == "陈经办")
            let stranger = harness.officer("外单位", of: .company)
            let unknown = try await refusal { try await harness.object("x", notice, by: stranger) }
            #expect(unknown.code == .notFound)
            #expect(try await harness.notices(for: stranger, running: false).isEmpty)
            #expect(try await harness.notices(for: colleague, running: true) == [notice.id])
            _ = try await harness.close(notice, by: officer)
            #expect(try await harness.notices(for: officer, running: true).isEmpty)
            #expect(try await harness.notices(for: officer, running: false) == [notice.id])
            let late = try await refusal { try await harness.object("x", notice, by: officer) }
            #expect(late.code == .failedPrecondition)
        }
    }

    @Test func aYearWithoutACalendarIsRefused() async throws {
        try await Harness.run { harness in
            var late = Declaration.Plan.engineering
            late.year = 2030
            late.openDay = "2029-01-01"
            late.closeDay = "2031-01-01"
            let plan = try await harness.plan(late)
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            harness.clock.advance(by: .seconds(8 * 365 * Self.day))
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            let error = try await refusal {
                try await harness.declarations(officer).openNotice(
                    .init(id: row.id, expectedVersion: row.version))
            }
            #expect(error.code == .failedPrecondition && error.message.contains("工作日"))
            #expect(try await harness.row(row.id, for: officer) == row)
        }
    }

    @Test func withdrawingEndsTheNotice() async throws {
        try await Harness.run { harness in
            let plan = try await harness.plan()
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let client = harness.declarations(officer)
            let row = try await harness.claim(harness.submitted(person, plan), by: officer)
            _ = try await client.openNotice(.init(id: row.id, expectedVersion: row.version))
            _ = try await harness.withdraw(harness.row(row.id, for: person.token), person)
            #expect(try await client.listNotices(.init(running: true)).notices.isEmpty)
        }
    }

    /// Every entry of the file's table of objects points at its object; long texts take several pages.
    @Test func theProofIsAPDF() throws {
        for lines in [["公示证明"], Array(repeating: String(repeating: "字", count: 90), count: 60)] {
            let bytes = PlainPDF.bytes(lines: lines)
            let text = String(decoding: bytes, as: UTF8.self)
            let rows = text.split(separator: "\n").filter { $0.hasSuffix(" 00000 n ") }
            // 90 characters take three lines, a page has forty of these.
            #expect(rows.count == (lines.count == 1 ? 6 : 14))
            for (index, row) in rows.enumerated() {
                let place = try #require(Int(row.prefix(10)))
                #expect(bytes[place...].starts(with: Array("\(index + 1) 0 obj".utf8)))
            }
            let start = try #require(
                text.split(separator: "\n").suffix(2).first.flatMap { Int($0) })
            #expect(bytes[start...].starts(with: Array("xref".utf8)))
        }
        #expect(
            String(decoding: PlainPDF.bytes(lines: ["公"]), as: UTF8.self).contains("<516C> Tj"))
    }
}

extension Harness {
    /// A notice that runs.
    func notice(by officer: [UInt8]) async throws -> Declaration.Notice {
        let row = try await claim(submitted(applicant(1), plan()), by: officer)
        return try await declarations(officer).openNotice(
            Declaration.OpenNoticeRequest(id: row.id, expectedVersion: row.version))
    }

    func object(
        _ text: String, _ notice: Declaration.Notice, by officer: [UInt8]
    ) async throws -> Declaration.Notice {
        try await declarations(officer).recordObjection(
            Declaration.RecordObjectionRequest(noticeID: notice.id, text: text))
    }

    /// Ends it at the declaration's version of now.
    func close(
        _ notice: Declaration.Notice, by officer: [UInt8]
    ) async throws -> Declaration.Notice {
        let version = try number(
            "SELECT version FROM declarations WHERE id = ?", [.text(notice.declarationID)])
        return try await declarations(officer).closeNotice(
            Declaration.CloseNoticeRequest(noticeID: notice.id, expectedVersion: version))
    }

    func notices(for officer: [UInt8], running: Bool) async throws -> [String] {
        try await declarations(officer).listNotices(
            Declaration.ListNoticesRequest(running: running)
        ).notices.map(\.id)
    }
}
