import MessageCoding
import Messages
import RPC
import Testing

@Suite("Traces")
struct TraceContextTests {
    @Test("As it travels: 16, 8 and 1 bytes")
    func bytes() throws {
        let bytes = (1...24).map(UInt8.init) + [1]
        let trace = try #require(TraceContext(bytes))
        #expect(trace.bytes == bytes)
        #expect(trace.traceID == "0102030405060708090a0b0c0d0e0f10")
        #expect(trace.isSampled)
        #expect(TraceContext(Array(bytes.dropLast())) == nil)
    }

    @Test("Each begins another trace; a child has its trace, flags, and a span of its own")
    func children() {
        let traces = (0..<1000).map { _ in TraceContext.start(isSampled: true) }
        #expect(Set(traces.map(\.traceID)).count == 1000)
        for trace in traces {
            let child = trace.child()
            #expect(child.traceID == trace.traceID && child.isSampled)
            #expect(child.bytes[16..<24] != trace.bytes[16..<24])
        }
    }

    @Test("A call without one begins one; a nested call goes on with that of its call")
    func calls() throws {
        let method = RPCMethod("test.v1.Test/Work")
        func outgoing(_ options: CallOptions = CallOptions()) throws -> TraceContext? {
            try OutgoingCall(
                method, options: options, defaultTimeoutNanoseconds: 1_000_000_000, now: .now
            ).request.trace
        }
        #expect(try outgoing()?.isSampled == false)
        let outer = TraceContext.start(isSampled: true)
        let context = RequestContext(
            method: method, peer: Peer(name: "a/1@1", isAuthenticated: true),
            deadline: .now + .seconds(1), trace: outer)
        try CallScope.$current.withValue(CallScope(context)) {
            let nested = try outgoing()
            #expect(nested?.traceID == outer.traceID && nested != outer)
            var options = CallOptions()
            options.trace = .start()
            #expect(try outgoing(options)?.traceID == options.trace?.traceID)
        }
    }
}
