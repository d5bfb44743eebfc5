import Attachments
import Foundation
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// Files that nothing refers to go away: at the start, and with each day of the service's clock.
@Suite(.timeLimit(.minutes(1))) struct AttachmentSweepTests {
    private let person = User.applicant()

    /// The hashes of all files that are stored.
    private func stored(_ harness: Harness) throws -> Set<[UInt8]> {
        let manager = FileManager.default
        let folder = harness.test.attachmentsPath
        let names = try manager.contentsOfDirectory(atPath: folder).flatMap { part in
            try manager.contentsOfDirectory(atPath: "\(folder)/\(part)")
        }
        return Set(
            names.map { name in
                let digits = Array(name)
                return stride(from: 0, to: digits.count, by: 2).compactMap {
                    UInt8(String(digits[$0..<$0 + 2]), radix: 16)
                }
            })
    }

    /// Sweeps, after which nothing but the files is left; every file is old enough.
    private func sweep(_ harness: Harness, leaving files: Set<[UInt8]>) async throws {
        let work = harness.test.environment.attachmentSweep(
            grace: .zero, referred: try #require(archiveServiceDefinition.files))
        try await work.perform()
        #expect(try stored(harness) == files)
    }

    @Test func whatWasRefusedAndWhatWasDroppedIsRemoved() async throws {
        let harness = try Harness()
        let draft = try await harness.save(person, "education", Harness.education)
        func attach(_ byte: UInt8) async throws -> Common.Attachment {
            try await harness.attach(person, draft, content: Harness.pdf + [byte])
        }
        let (kept, returned) = (try await attach(1), try await attach(2))
        // A file whose row was never written.
        _ = try harness.test.environment.attachments.store(
            Harness.pdf + [9], fileName: "a.pdf", allowing: [.pdf])
        #expect(try stored(harness).count == 3)
        try await sweep(harness, leaving: [kept.sha256, returned.sha256])

        // What was submitted once stays; what was not does not.
        let item = try await harness.submit(person, draft)
        _ = try await harness.decide(item, .returned)
        let back = try await harness.archive(person).getItem(.init(id: item.id))
        let dropped = try await attach(3)
        var values = Harness.education
        values["evidence"] = kept.id
        let saved = try await harness.save(
            person, "education", values, id: back.id, version: back.version)
        #expect(saved.evidence == [kept])
        try await sweep(harness, leaving: [kept.sha256, returned.sha256])
        let gone = try await refusal {
            try await harness.archive(person).downloadEvidence(
                .init(itemID: item.id, attachmentID: dropped.id), atMost: 1 << 20)
        }
        #expect(gone.code == .notFound)
        let seen = try await harness.archive(.school).downloadEvidence(
            .init(itemID: item.id, attachmentID: returned.id), atMost: 1 << 20)
        #expect(seen.content == Harness.pdf + [2])
    }
}
