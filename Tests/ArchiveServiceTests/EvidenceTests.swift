import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

@Suite struct EvidenceTests {
    private let person = User.applicant()

    private func download(
        _ client: Archive.ArchiveClient, _ item: Archive.Item, _ file: Common.Attachment
    ) async throws -> [UInt8] {
        try await client.downloadEvidence(
            Archive.DownloadEvidenceRequest(itemID: item.id, attachmentID: file.id),
            atMost: Common.FileUpload.mostBytes
        ).content
    }

    @Test func whoMayReadAFile() async throws {
        let harness = try Harness()
        let item = try await harness.save(person, "education", Harness.education)
        let file = try await harness.attach(person, item)
        #expect(file.fileName == "证书.pdf" && file.mediaType == "application/pdf")
        #expect(file.byteCount == Int64(Harness.pdf.count) && file.sha256.count == 32)
        #expect(try await download(harness.archive(person), item, file) == Harness.pdf)
        let closed = [
            harness.archive(.school), harness.archive(.company),
            harness.archive(.applicant(2)), harness.declarations,
        ]
        for client in closed {
            #expect(try await refusal { try await download(client, item, file) }.code == .notFound)
        }
        _ = try await harness.submit(person, item)
        for client in [harness.archive(.school), harness.archive(.colleague), harness.declarations]
        {
            #expect(try await download(client, item, file) == Harness.pdf)
        }
        for client in [harness.archive(.company), harness.archive(.applicant(2))] {
            #expect(try await refusal { try await download(client, item, file) }.code == .notFound)
        }
        #expect(
            try await refusal {
                try await download(harness.archive(.department), item, file)
            }.code == .permissionDenied)
    }

    @Test func whatIsNotTaken() async throws {
        let harness = try Harness()
        let item = try await harness.save(person, "education", Harness.education)
        for (name, content) in [
            ("a.exe", Harness.pdf), ("a.png", Harness.pdf), ("a.pdf", []),
            ("a.pdf", Array("no pdf at all".utf8)),
        ] {
            let error = try await refusal {
                try await harness.attach(person, item, name, content: content)
            }
            #expect(error.fields == ["file"] && error.violations.first?.label == "佐证材料")
        }
        let none = try await harness.save(
            person, "society_post", ["name": "学会", "post": "理事"])
        let error = try await refusal { try await harness.attach(person, none) }
        #expect(error.code == .failedPrecondition)
        for _ in 0..<AttachEvidence.mostFiles { _ = try await harness.attach(person, item) }
        let full = try await refusal { try await harness.attach(person, item) }
        #expect(full.violations.first?.message == "最多 10 个文件，已有 10 个")
    }

    @Test func aSubmissionKeepsItsFiles() async throws {
        let harness = try Harness()
        let item = try await harness.save(person, "education", Harness.education)
        let old = try await harness.attach(person, item, "旧.pdf")
        let first = try await harness.submit(person, item)
        _ = try await harness.decide(first, .returned)
        let new = try await harness.attach(person, item, "新.pdf")
        var values = Harness.education
        values["evidence"] = new.id
        let edited = try await harness.save(person, "", values, id: item.id, version: 3)
        #expect(edited.evidence == [new])
        let unit = harness.archive(.school)
        #expect(try await unit.getItem(Archive.GetItemRequest(id: item.id)).evidence == [old])
        #expect(try await refusal { try await download(unit, item, new) }.code == .notFound)
        _ = try await harness.submit(person, edited)
        #expect(try await unit.getItem(Archive.GetItemRequest(id: item.id)).evidence == [new])
        #expect(try await download(unit, item, old) == Harness.pdf)
        #expect(try await download(unit, item, new) == Harness.pdf)
    }

    @Test func savingWithoutAWordKeepsTheFiles() async throws {
        let harness = try Harness()
        let item = try await harness.save(person, "education", Harness.education)
        let file = try await harness.attach(person, item)
        let saved = try await harness.save(
            person, "", Harness.education, id: item.id, version: 1)
        #expect(saved.evidence == [file])
        var values = Harness.education
        values["evidence"] = ""
        let emptied = try await harness.save(person, "", values, id: item.id, version: 2)
        #expect(emptied.evidence.isEmpty)
    }
}
