import RPC
import ServiceStubs
import Synchronization
import Testing
import ZhichengTesting

@Suite("Interceptors")
struct CallInterceptorTests {
    /// What happened, in order.
    private final class Diary: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func write(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func noting(_ name: String, in diary: Diary) -> CallInterceptor {
        CallInterceptor(
            prepare: { call throws(RPCError) in diary.write("\(name) prepares") },
            observe: { call, end in
                let code = end.error.map { $0.code.description } ?? "OK"
                diary.write("\(name) sees \(call.method.name) \(code) after \(end.attempts)")
            })
    }

    private func answering(
        _ handler: @escaping @Sendable (ReceivedCall) async throws -> Quota.ListRecordsReply
    ) -> TestPlatform {
        var platform = TestPlatform()
        platform.answer({ $0.quota.listRecords }) { _, call in try await handler(call) }
        return platform
    }

    @Test("They are prepared in order and observe in reverse")
    func order() async throws {
        let diary = Diary()
        let client = await answering { _ in .init() }.client(
            interceptors: [noting("a", in: diary), noting("b", in: diary)])
        _ = try await client.quota.listRecords(.init())
        #expect(
            diary.all == [
                "a prepares", "b prepares", "b sees quota.v1.Quota/ListRecords OK after 1",
                "a sees quota.v1.Quota/ListRecords OK after 1",
            ])
    }

    @Test("What they add arrives, and the session is there before them")
    func metadata() async throws {
        let adding = CallInterceptor(
            prepare: { call throws(RPCError) in
                #expect(call.service == .quota)
                #expect(call.options.metadata[Metadata.sessionKey] == [7])
                call.options.metadata.set("tenant", Array("fz".utf8))
                call.options.timeout = .seconds(300)
            })
        let client = await answering { call in
            #expect(call.metadata["tenant"] == Array("fz".utf8))
            #expect(call.session == [7])
            #expect(call.deadline < ContinuousClock.now + .seconds(300))
            #expect(call.deadline > ContinuousClock.now + .seconds(100))
            return .init()
        }.client(interceptors: [adding]).signedIn([7])
        _ = try await client.quota.listRecords(.init())
    }

    @Test("A call is observed once, with its attempts and its whole time")
    func attempts() async throws {
        let seen = Mutex<[(attempts: Int, duration: Duration)]>([])
        let left = Mutex(2)
        let client = await answering { _ in
            let fails = left.withLock { left in
                left -= 1
                return left >= 0
            }
            guard !fails else {
                throw RPCError(
                    code: .unavailable, message: "", verdict: .notExecuted,
                    retryAfter: .milliseconds(5))
            }
            return .init()
        }.client(interceptors: [
            CallInterceptor(
                observe: { _, end in
                    #expect(end.error == nil)
                    seen.withLock { $0.append((end.attempts, end.duration)) }
                })
        ])
        _ = try await client.quota.listRecords(.init())
        let all = seen.withLock { $0 }
        #expect(all.map(\.attempts) == [3])
        #expect(try #require(all.first).duration >= .milliseconds(10))
    }

    @Test("One that throws keeps the call from being sent; only those before it observe")
    func refusal() async throws {
        let diary = Diary()
        let refusing = CallInterceptor(
            prepare: { _ throws(RPCError) in
                throw RPCError(code: .resourceExhausted, message: "enough for today")
            }, observe: { _, _ in diary.write("never") })
        let client = await answering { _ in
            diary.write("never")
            return .init()
        }.client(interceptors: [
            noting("a", in: diary), refusing, noting("c", in: diary),
        ])
        let error = await #expect(throws: RPCError.self) {
            try await client.quota.listRecords(.init())
        }
        #expect(error?.message == "enough for today")
        #expect(error?.method == "quota.v1.Quota/ListRecords")
        #expect(
            diary.all == [
                "a prepares", "a sees quota.v1.Quota/ListRecords RESOURCE_EXHAUSTED after 0",
            ])
    }
}
