import Attachments
import Foundation
import Glibc
import Logging
import Messages
import RPC
import RPCTransport
import ServiceRuntime
import TestSupport
import Testing

@Suite("Files while the disk does not answer", .timeLimit(.minutes(1)))
struct SlowDiskTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let download = RPCMethod("test.v1.Test/Download", readOnly: true, kind: .serverStream)
    private let echo = RPCMethod("test.v1.Test/Echo", readOnly: true)

    @Test("Other calls of the same connection go on")
    func othersGoOn() async throws {
        try await withTemporaryFolder { folder in
            let store = try AttachmentStore(directory: folder + "/files")
            let stored = try store.store(
                Array("%PDF-1.7".utf8), fileName: "a.pdf", allowing: [.pdf])
            let path = try #require(
                FileManager.default.subpathsOfDirectory(atPath: folder).map { folder + "/" + $0 }
                    .first { $0.utf8.count > folder.utf8.count + 64 })
            // Who opens a pipe waits until somebody writes into it.
            #expect(unsafe unlink(path) == 0 && mkfifo(path, 0o600) == 0)
            let attachment = Common.Attachment(
                id: "a", fileName: "a.pdf", byteCount: Int64(stored.byteCount),
                sha256: stored.sha256)
            let (began, begin) = AsyncStream.makeStream(of: Void.self)
            var routes = RouteTable()
            routes.unary(echo) { (news: Tasks.News, _) in news }
            routes.serverStream(download) {
                (_: Tasks.News, replies: ReplyWriter<Archive.DownloadEvidenceReply>, _) in
                begin.finish()
                try await store.send(attachment, to: replies)
            }
            try await withServer(routes) { channel in
                try await withThrowingTaskGroup(of: RPCError?.self) { group in
                    group.addTask { await failure(channel) }
                    for await _ in began {}
                    let news = Tasks.News(title: "还在")
                    let reply: Tasks.News = try await channel.unary(
                        echo, news, options: CallOptions())
                    #expect(reply == news)
                    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
                    #expect(descriptor >= 0)
                    close(descriptor)
                    let error = try await group.next() ?? nil
                    #expect(error?.code == .dataLoss)
                }
            }
        }
    }

    private func failure(_ channel: TCPChannel) async -> RPCError? {
        do {
            let replies: ReplyStream<Archive.DownloadEvidenceReply> = channel.serverStream(
                download, Tasks.News(), options: CallOptions())
            for try await _ in replies {}
            return nil
        } catch {
            return error
        }
    }

    private func withServer(
        _ routes: RouteTable, _ body: (TCPChannel) async throws -> Void
    ) async throws {
        let server = RPCServer(
            configuration: ServerConfiguration(
                host: "127.0.0.1", port: 0, peerName: "test-service/1@0.1.0"),
            routes: routes, admission: { _ in }, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let channel = TCPChannel(
                host: "127.0.0.1", port: try await server.listeningPort(),
                configuration: ChannelConfiguration(peerName: "tester/1@0.1.0"), logger: quiet)
            try await body(channel)
            await channel.close()
            group.cancelAll()
        }
    }
}
