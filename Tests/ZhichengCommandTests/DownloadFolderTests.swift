import Foundation
import Testing
import ZhichengClient

@testable import zhicheng

@Suite("Downloads into a folder")
struct DownloadFolderTests {
    private let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("zhicheng-test-\(UUID().uuidString)").path

    private struct Lost: Error {}

    private func save(_ name: String, _ pieces: [[UInt8]], failing: Bool = false) async throws {
        let (replies, continuation) = AsyncThrowingStream.makeStream(of: [UInt8].self)
        for piece in pieces { continuation.yield(piece) }
        continuation.finish(throwing: failing ? Lost() : nil)
        var folder = DownloadFolder()
        folder.to = path
        try await folder.save(Common.Attachment(fileName: name), number: 1, replies) { $0 }
    }

    private var names: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }
    }

    @Test("Whole files are written, under names of the folder; nothing is overwritten")
    func whole() async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await save("../证书.pdf", [[1, 2], [3]])
        #expect(try names == ["1-.._证书.pdf"])
        #expect(FileManager.default.contents(atPath: path + "/1-.._证书.pdf") == Data([1, 2, 3]))
        let error = await #expect(throws: CommandFailure.self) {
            try await save("../证书.pdf", [[4]])
        }
        #expect(error?.code == .usage)
        await #expect(throws: Lost.self) { try await save("b.pdf", [[1]], failing: true) }
        #expect(try names == ["1-.._证书.pdf"])
        #expect(FileManager.default.contents(atPath: path + "/1-.._证书.pdf")?.count == 3)
    }
}
