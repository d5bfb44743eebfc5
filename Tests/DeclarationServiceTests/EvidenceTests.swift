import Messages
import RPC
import ServiceStubs
import Storage
import TestSupport
import Testing

@testable import DeclarationService

/// 佐证材料 of what a declaration refers to, for those who review it (D4, D10).
struct EvidenceTests {
    @Test func whoReviewsItSeesIt() async throws {
        try await Harness.run { harness in
            let (officer, person) = (harness.officer("陈经办"), harness.applicant(1))
            let item = String(repeating: "a", count: 32)
            harness.archive.add(
                Archive.Item(
                    id: item, kind: "honor", kindLabel: "荣誉称号", personID: person.personID,
                    state: .approved, version: 1,
                    evidence: [Common.Attachment(id: "file-1", fileName: "证书.pdf")]))
            let id = try await harness.approved(person, officer)
            let superior = harness.superior()
            let detail = try await harness.declarations(superior).get(.init(id: id))
            let row = try #require(detail.sections.flatMap(\.rows).first { $0.itemID == item })
            #expect(row.evidence.map(\.id) == ["file-1"])
            func content(_ token: [UInt8], _ item: String, _ file: String) async throws -> String {
                String(
                    decoding: try await harness.declarations(token).downloadEvidence(
                        .init(id: id, itemID: item, attachmentID: file), atMost: 1_000
                    ).content, as: UTF8.self)
            }
            for token in [officer, superior, person.token] {
                #expect(try await content(token, item, "file-1") == "%PDF file-1")
            }
            let strangers = [harness.committee(), harness.officer("外单位", of: .company)]
            for (token, item, file) in strangers.map({ ($0, item, "file-1") }) + [
                (superior, item, "file-2"), (superior, person.itemID, "file-1"),
            ] {
                #expect(
                    try await refusal { try await content(token, item, file) }.code == .notFound)
            }
        }
    }

    @Test func manyItemsAreReadInParts() async throws {
        try await Harness.run { harness in
            let person = harness.applicant(1)
            for n in 0..<4 {
                harness.archive.add(
                    Archive.Item(
                        id: String(repeating: "\(n)", count: 32), kind: "honor",
                        personID: person.personID, state: .approved, version: 1))
            }
            harness.archive.answerHolds = 2
            let row = try await harness.submitted(person, harness.plan())
            #expect(row.state == .unitPool && harness.archive.calls("ReadApproved") == 3)
            #expect(
                try harness.number(
                    "SELECT count(*) FROM snapshots WHERE declaration_id = ?", [.text(row.id)])
                    == 5)
        }
    }
}
