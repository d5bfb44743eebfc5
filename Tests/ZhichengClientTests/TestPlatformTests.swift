import Messages
import RPC
import ServiceStubs
import Synchronization
import Testing
import ZhichengTesting

@Suite("A platform in the test's own process", .timeLimit(.minutes(1)))
struct TestPlatformTests {
    private struct Fault: Error {}

    private func failure(_ body: () async throws -> Void) async throws -> RPCError {
        do {
            try await body()
        } catch let error as RPCError {
            return error
        }
        throw Fault()
    }

    @Test("A handler answers its call, over the codec")
    func answers() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.tasks.list }) { request, call in
            #expect(request.view == .unrecognized(99))
            #expect(call.method == Tasks.TaskCentreMethod.list.method)
            return Tasks.ListTasksReply(tasks: [Tasks.Task(title: "教育经历")])
        }
        let client = await platform.client()
        let reply = try await client.tasks.list(.init(view: .unrecognized(99)))
        #expect(reply.tasks.map(\.title) == ["教育经历"])
    }

    @Test("Files go up whole to their handler, and come down as it sends them")
    func files() async throws {
        let content = [UInt8](repeating: 7, count: 600_000)
        var platform = TestPlatform()
        platform.answer({ $0.archive.uploadEvidence }) { request, call in
            #expect(request.itemID == "item" && request.file?.content == content)
            #expect(call.idempotencyKey != nil)
            return Common.Attachment(fileName: request.file?.fileName ?? "", byteCount: 600_000)
        }
        platform.answer({ $0.archive.downloadEvidence }) { _, _, send in
            try await send(.init(attachment: .init(byteCount: 600_000), content: [7]))
            try await send(.init(content: Array(content.dropFirst())))
        }
        let archive = await platform.client().archive
        let request = Archive.UploadEvidenceRequest(
            itemID: "item", file: Common.FileUpload(fileName: "a.pdf", content: content))
        #expect(try await archive.uploadEvidence(request).fileName == "a.pdf")
        var pieces = request
        pieces.file?.content = []
        let (sequence, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        continuation.yield(content)
        continuation.finish()
        _ = try await archive.uploadEvidence(pieces, content: sequence)
        let whole = try await archive.downloadEvidence(.init(), atMost: 600_000)
        #expect(whole.content == content)
        let error = try await failure {
            _ = try await archive.downloadEvidence(.init(), atMost: 599_999)
        }
        #expect(error.code == .resourceExhausted)
    }

    @Test("A download that ends early is no file")
    func cutFile() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.quota.downloadApprovalForm }) { _, _, send in
            try await send(.init(attachment: .init(byteCount: 3), content: [7]))
        }
        let quota = await platform.client().quota
        let error = try await failure {
            _ = try await quota.downloadApprovalForm(.init(), atMost: 10)
        }
        #expect(error.code == .dataLoss)
    }

    @Test("A message over the limit of the wire does not come through")
    func messageLimit() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.tasks.list }) { _, _ in
            let long = String(repeating: "长", count: 2 << 20)
            return Tasks.ListTasksReply(tasks: [Tasks.Task(title: long)])
        }
        let client = await platform.client()
        let error = try await failure { _ = try await client.tasks.list(.init()) }
        #expect(error.code == .resourceExhausted)
    }

    @Test("The last handler of a call counts, and a client keeps the handlers of its time")
    func replacement() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.tasks.home }) { _, _ in Tasks.HomeReply(newest: [.init()]) }
        let before = await platform.client()
        platform.answer({ $0.tasks.home }) { _, _ in Tasks.HomeReply() }
        let after = await platform.client()
        #expect(try await before.tasks.home(.init()).newest.count == 1)
        #expect(try await after.tasks.home(.init()).newest.isEmpty)
    }

    @Test("What has no handler is not implemented")
    func unimplemented() async throws {
        let client = await TestPlatform().client()
        let error = try await failure { _ = try await client.quota.listRecords(.init()) }
        #expect(error.code == .unimplemented && error.service == .quota)
        #expect(error.message.contains("quota.v1.Quota/ListRecords"))
    }

    @Test("Methods of every service are answered by the one that is called")
    func health() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.health(of: .archive).check }) { _, _ in .init() }
        let client = await platform.client()
        _ = try await client.health(of: .archive).check(.init())
        let error = try await failure { _ = try await client.health(of: .quota).check(.init()) }
        #expect(error.code == .unimplemented)
    }

    @Test("The session, the caller's metadata and a key reach the handler")
    func metadata() async throws {
        let received = Mutex<ReceivedCall?>(nil)
        var platform = TestPlatform()
        platform.answer({ $0.quota.deleteRecord }) { _, call in
            received.withLock { $0 = call }
            return .init()
        }
        let session = [UInt8](repeating: 7, count: 32)
        let client = await platform.client().signedIn(session)
        var options = CallOptions()
        options.metadata.set("x", [1])
        options.priority = .sheddable
        _ = try await client.quota.deleteRecord(.init(), options: options)
        let call = try #require(received.withLock { $0 })
        #expect(call.session == session && call.metadata["x"] == [1])
        #expect(call.idempotencyKey != nil && call.priority == .sheddable)
    }

    @Test("Metadata have the bounds of the wire")
    func bounds() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.tasks.home }) { _, _ in .init() }
        let client = await platform.client()
        var options = CallOptions()
        options.metadata.set("x", [UInt8](repeating: 0, count: Metadata.mostBytes))
        let error = try await failure { _ = try await client.tasks.home(.init(), options: options) }
        #expect(error.code == .invalidArgument)
    }

    @Test("A passed deadline cancels the handler and fails the call")
    func deadline() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.tasks.home }) { _, _ in
            try await Task.sleep(for: .seconds(60))
            return .init()
        }
        let client = await platform.client(timeout: .milliseconds(20))
        let error = try await failure { _ = try await client.tasks.home(.init()) }
        #expect(error.code == .deadlineExceeded)
    }

    @Test("Errors are those of a service: RPCError as it is, others without their text")
    func errors() async throws {
        var platform = TestPlatform()
        platform.answer({ $0.quota.submitRecord }) { _, _ in
            throw RPCError(
                code: .failedPrecondition, message: "请先上传核准表",
                details: [
                    ErrorDetail(
                        type: Common.VersionFacts.fullName,
                        value: try Common.VersionFacts(currentVersion: 3).encodedBytes())
                ], verdict: .never)
        }
        platform.answer({ $0.quota.listRecords }) { _, _ in throw Fault() }
        let client = await platform.client()
        var options = CallOptions()
        options.idempotencyKey = .random()
        let refused = try await failure {
            _ = try await client.quota.submitRecord(.init(), options: options)
        }
        #expect(refused.code == .failedPrecondition && refused.currentVersion == 3)
        #expect(refused.message(in: .chinese) == "请先上传核准表")
        #expect(refused.idempotencyKey == options.idempotencyKey)
        let hidden = try await failure { _ = try await client.quota.listRecords(.init()) }
        #expect(hidden.code == .internalError && !hidden.description.contains("Fault"))
    }

    @Test("A lost answer is asked for again, with the same key")
    func retries() async throws {
        let keys = Mutex<[IdempotencyKey?]>([])
        var platform = TestPlatform()
        platform.answer({ $0.quota.deleteRecord }) { _, call in
            let count = keys.withLock { keys in
                keys.append(call.idempotencyKey)
                return keys.count
            }
            if count == 1 { throw RPCError(code: .unavailable, message: "", verdict: .unknown) }
            return .init()
        }
        _ = try await platform.client().quota.deleteRecord(.init())
        let seen = keys.withLock { $0 }
        #expect(seen.count == 2 && seen[0] != nil && seen[0] == seen[1])
    }

    @Test("A cancelled caller cancels the handler")
    func cancellation() async throws {
        var platform = TestPlatform()
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        platform.answer({ $0.tasks.home }) { _, _ in
            start.finish()
            try await Task.sleep(for: .seconds(60))
            return .init()
        }
        let client = await platform.client()
        let ended = await withTaskGroup(of: RPCCode?.self) { group in
            group.addTask {
                do {
                    _ = try await client.tasks.home(.init())
                    return nil
                } catch {
                    return (error as? RPCError)?.code
                }
            }
            for await _ in started {}
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(ended == .cancelled)
    }

    @Test("run() ends when it is cancelled")
    func run() async throws {
        let client = await TestPlatform().client()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
