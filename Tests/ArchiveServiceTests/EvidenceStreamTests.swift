import Foundation
import Messages
import RPC
import ServiceStubs
import TestSupport
import Testing

@testable import ArchiveService

/// A6: files in pieces, each of at most 256 KiB.
@Suite(.timeLimit(.minutes(2))) struct EvidenceStreamTests {
    private let person = User.applicant()

    private func request(
        _ item: Archive.Item, _ content: [UInt8] = [], name: String = "证书.pdf"
    ) -> Archive.UploadEvidenceRequest {
        Archive.UploadEvidenceRequest(
            itemID: item.id, file: Common.FileUpload(fileName: name, content: content))
    }

    private func piece(_ count: Int) -> Archive.UploadEvidenceRequest {
        Archive.UploadEvidenceRequest(
            file: Common.FileUpload(content: [UInt8](repeating: 7, count: count)))
    }

    private func draft(_ harness: Harness) async throws -> Archive.Item {
        try await harness.save(person, "education", Harness.education)
    }

    /// The files that the service has, finished or not.
    private func files(_ harness: Harness) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: harness.test.attachmentsPath).filter {
            $0.contains("/") || $0.hasPrefix("new-")
        }
    }

    /// Waits until no file is left.
    private func noFiles(_ harness: Harness) async throws {
        for _ in 0..<5_000 {
            if try files(harness).isEmpty { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("files are left: \(try files(harness))")
    }

    @Test func theLargestFileAndOneByteMore() async throws {
        let harness = try Harness()
        let client = harness.archive(person)
        let item = try await draft(harness)
        let most = Common.FileUpload.mostBytes
        let content = Harness.pdf + [UInt8](repeating: 7, count: most - Harness.pdf.count)
        let file = try await client.uploadEvidence(request(item, content))
        #expect(file.byteCount == 10_485_760)
        let download = Archive.DownloadEvidenceRequest(itemID: item.id, attachmentID: file.id)
        let whole = try await client.downloadEvidence(download, atMost: most)
        #expect(whole.attachment == file && whole.content == content)
        var pieces = 0
        for try await reply in client.downloadEvidence(download) {
            #expect((reply.attachment != nil) == (pieces == 0))
            #expect((1...262_144).contains(reply.content.count))
            pieces += 1
        }
        #expect(pieces == 40)
        let small = try await refusal { try await client.downloadEvidence(download, atMost: 9) }
        #expect(small.code == .resourceExhausted)
        let error = try await refusal {
            try await client.uploadEvidence(request(item, content + [7]))
        }
        #expect(error.fields == ["file"] && error.violations.first?.label == "佐证材料")
        #expect(
            error.violations.first?.message == "文件最大 10485760 字节，所选文件至少有 10485761 字节")
        #expect(try files(harness).count == 1)
    }

    @Test func aSequenceOfPiecesOfAnyLength() async throws {
        let harness = try Harness()
        let client = harness.archive(person)
        let item = try await draft(harness)
        let (content, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        for length in [1, 4, 0, 700_000, 3] {
            continuation.yield(
                length == 1
                    ? [0x25]
                    : length == 4 ? Array("PDF-".utf8) : [UInt8](repeating: 7, count: length))
        }
        continuation.finish()
        let file = try await client.uploadEvidence(request(item), content: content)
        #expect(file.byteCount == 700_008)
    }

    @Test func aWrongKindIsRefusedAfterTheFirstPiece() async throws {
        let harness = try Harness()
        let item = try await draft(harness)
        var sent = 0
        let error = try await refusal {
            try await harness.archive(person).uploadEvidence { writer in
                try await writer.send(request(item, Array("no pdf at all".utf8)))
                while true {
                    try await writer.send(piece(262_144))
                    sent += 1
                }
            }
        }
        #expect(error.violations.first?.message == "文件内容与扩展名 pdf 不符")
        // The window takes one piece while nobody takes any.
        #expect(sent <= 1)
        #expect(try files(harness).isEmpty)
    }

    @Test func whoMayNotIsRefusedBeforeBytesAreTaken() async throws {
        let harness = try Harness()
        let item = try await draft(harness)
        let reviewing = try await harness.reviewing(person)
        for (user, item, code) in [
            (User.applicant(2), item, RPCCode.notFound), (.school, item, .permissionDenied),
            (person, reviewing, .failedPrecondition),
        ] {
            var sent = 0
            let error = try await refusal {
                try await harness.archive(user).uploadEvidence { writer in
                    try await writer.send(request(item))
                    while true {
                        try await writer.send(piece(262_144))
                        sent += 1
                    }
                }
            }
            #expect(error.code == code)
            #expect(sent <= 1)
        }
        #expect(try files(harness).isEmpty)
    }

    @Test func aClientThatGoesAwayLeavesNoFile() async throws {
        struct Gone: Error {}
        let harness = try Harness()
        let item = try await draft(harness)
        await #expect(throws: Gone.self) {
            _ = try await harness.archive(person).uploadEvidence { writer in
                try await writer.send(request(item, Harness.pdf))
                for _ in 0..<4 { try await writer.send(piece(262_144)) }
                // As the window is smaller, the first ones were written.
                #expect(try files(harness).count == 1)
                throw Gone()
            }
        }
        try await noFiles(harness)
        #expect(try harness.number("SELECT count(*) FROM evidence") == 0)
    }

    @Test func aRepeatIsTheSameContent() async throws {
        let harness = try Harness()
        let client = harness.archive(person)
        let item = try await draft(harness)
        var options = CallOptions()
        options.idempotencyKey = .random()
        let file = try await client.uploadEvidence(request(item, Harness.pdf), options: options)
        let other = try await refusal {
            try await client.uploadEvidence(request(item, Harness.pdf + [1]), options: options)
        }
        #expect(other.code == .failedPrecondition)
        let renamed = try await refusal {
            try await client.uploadEvidence(
                request(item, Harness.pdf, name: "b.pdf"), options: options)
        }
        #expect(renamed.code == .failedPrecondition)
        // Cut otherwise, and when the item takes no files any more: the answer is the same.
        _ = try await harness.submit(person, item)
        let again = try await client.uploadEvidence(options: options) { writer in
            try await writer.send(request(item))
            for byte in Harness.pdf {
                try await writer.send(.init(file: Common.FileUpload(content: [byte])))
            }
        }
        #expect(again == file)
        #expect(try harness.number("SELECT count(*) FROM evidence") == 1)
    }

    @Test func whatIsNoUpload() async throws {
        let harness = try Harness()
        let item = try await draft(harness)
        let client = harness.archive(person)
        let first = request(item, Harness.pdf)
        for following in [
            piece(262_145), piece(0), first, .init(), .init(itemID: item.id),
            request(.init(), Harness.pdf),
        ] {
            let error = try await refusal {
                try await client.uploadEvidence { writer in
                    try await writer.send(first)
                    try await writer.send(following)
                }
            }
            #expect(error.code == .invalidArgument && error.message.hasPrefix("this is no upload"))
        }
        let empty = try await refusal { try await client.uploadEvidence { _ in } }
        #expect(empty.message.hasPrefix("this is no upload"))
        #expect(try await refusal { try await client.uploadEvidence(.init()) }.code == .notFound)
        #expect(
            try await refusal {
                try await client.uploadEvidence(.init(itemID: item.id))
            }.violations.first?.message == "请选择文件")
        #expect(try files(harness).isEmpty)
    }

    @Test func aDamagedFileNeverComesWhole() async throws {
        let harness = try Harness()
        let item = try await draft(harness)
        let file = try await harness.attach(
            person, item, content: Harness.pdf + [UInt8](repeating: 7, count: 300_000))
        let path = harness.test.attachmentsPath + "/" + (try #require(files(harness).first))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seek(toOffset: 100)
        try handle.write(contentsOf: [8])
        try handle.close()
        var taken = 0
        let error = try await refusal {
            for try await reply in harness.archive(person).downloadEvidence(
                Archive.DownloadEvidenceRequest(itemID: item.id, attachmentID: file.id))
            {
                taken += reply.content.count
            }
        }
        #expect(error.code == .dataLoss && taken == 262_144)
    }
}
