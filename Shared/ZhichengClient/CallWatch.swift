import MessageCoding
import RPC
import Synchronization

/// Leads one call past the interceptors: each prepares it, and those that did see how it ended, once.
final class CallWatch: Sendable {
    private let began: ContinuousClock.Instant
    private let interceptors: [CallInterceptor]
    /// How many interceptors prepared the call and have not seen its end.
    private let prepared = Mutex(0)

    init(began: ContinuousClock.Instant, interceptors: [CallInterceptor]) {
        self.began = began
        self.interceptors = interceptors
    }

    /// - Throws: what an interceptor throws; the call is not sent then.
    func prepare(_ call: inout ClientCall) async throws(RPCError) {
        for interceptor in interceptors {
            if let prepare = interceptor.prepare { try await prepare(&call) }
            prepared.withLock { $0 += 1 }
        }
    }

    /// Only the first end counts.
    func observe(_ call: ClientCall, error: RPCError?, attempts: Int) {
        let count = prepared.withLock { count in
            defer { count = 0 }
            return count
        }
        guard count > 0 else { return }
        let end = CallEnd(
            error: error, attempts: attempts, duration: ContinuousClock.now - began)
        for interceptor in interceptors.prefix(count).reversed() { interceptor.observe?(call, end) }
    }
}

/// A caller's end whose interceptors see how the call ended: when its last message was taken, when it failed, or when
/// nobody wanted it any more.
final class WatchedStream: MessageStream {
    private let base: any MessageStream
    private let call: ClientCall
    private let watch: CallWatch

    init(_ base: any MessageStream, _ call: ClientCall, _ watch: CallWatch) {
        self.base = base
        self.call = call
        self.watch = watch
    }

    func send(_ message: any Message) async throws(RPCError) {
        do throws(RPCError) {
            try await base.send(message)
        } catch {
            watch.observe(call, error: error, attempts: 1)
            throw error
        }
    }

    func finish() { base.finish() }

    func next<M: Message>(_ type: M.Type) async throws(RPCError) -> M? {
        do throws(RPCError) {
            let message = try await base.next(type)
            if message == nil || !call.method.kind.repliesStream {
                watch.observe(call, error: nil, attempts: 1)
            }
            return message
        } catch {
            watch.observe(call, error: error, attempts: 1)
            throw error
        }
    }

    func cancel() {
        base.cancel()
        watch.observe(
            call, error: RPCError(code: .cancelled, message: "the caller cancelled"), attempts: 1)
    }
}
