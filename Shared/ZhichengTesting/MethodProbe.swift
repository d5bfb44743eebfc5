import Logging
import MessageCoding
import RPC
import Synchronization
import ZhichengClient

/// Finds out which method of which service a typed client's function calls: lets it call, and sends nothing.
final class MethodProbe: Sendable {
    /// A method on its service; health and the development clock are on every one.
    struct Target: Hashable {
        let service: ServiceName
        let method: RPCMethod
    }

    private let called = Mutex<Target?>(nil)

    /// The method behind a call, which is made once; it always fails.
    static func target(of call: (PlatformClient) async throws -> Void) async -> Target {
        let probe = MethodProbe()
        let client = PlatformClient(
            channels: ServiceName.allCases.map {
                ($0, ProbingChannel(service: $0, probe: probe))
            },
            CallRules(
                timeout: .seconds(1), retries: .none, interceptors: [],
                logger: TestPlatform.silence))
        try? await call(client)
        guard let target = probe.called.withLock({ $0 }) else {
            preconditionFailure(
                "a handler is registered for something else than a call of a typed client")
        }
        return target
    }

    private struct ProbingChannel: RPCChannel {
        let service: ServiceName
        let probe: MethodProbe

        func unary<Request: Message, Reply: Message>(
            _ method: RPCMethod, _ request: Request, options: CallOptions
        ) async throws(RPCError) -> Reply {
            throw note(method)
        }

        func open(
            _ method: RPCMethod, request: (any Message)?, options: CallOptions
        ) async throws(RPCError) -> any MessageStream {
            throw note(method)
        }

        private func note(_ method: RPCMethod) -> RPCError {
            probe.called.withLock { $0 = Target(service: service, method: method) }
            return RPCError(code: .cancelled, message: "nothing is sent")
        }
    }
}
