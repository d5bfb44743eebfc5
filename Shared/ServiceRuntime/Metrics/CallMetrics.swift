package import CoreMetrics
import Messages
package import RPC
import ServiceStubs
import Synchronization

/// Counts a server's calls by method and code, and measures how long they waited and ran.
package struct CallMetrics: Sendable {
    /// What a method's calls are counted with. The usual end has its counter at hand.
    private final class Meters: Sendable {
        private let method: String
        private let factory: any MetricsFactory
        private let good: Counter
        private let bad = Mutex<[RPCCode: Counter]>([:])
        let queue: Timer
        let handler: Timer

        init(_ method: String, _ factory: any MetricsFactory) {
            self.method = method
            self.factory = factory
            let dimensions = [("method", method)]
            good = Counter(
                label: "rpc_calls_total", dimensions: dimensions + [("code", "OK")],
                factory: factory)
            queue = Timer(label: "rpc_queue_seconds", dimensions: dimensions, factory: factory)
            handler = Timer(label: "rpc_handler_seconds", dimensions: dimensions, factory: factory)
        }

        func counter(_ code: RPCCode) -> Counter {
            if code == .ok { return good }
            return bad.withLock { known in
                if let counter = known[code] { return counter }
                let counter = Counter(
                    label: "rpc_calls_total",
                    dimensions: [("method", method), ("code", code.description)], factory: factory)
                known[code] = counter
                return counter
            }
        }
    }

    private let meters: [UInt32: Meters]
    private let unknown: Meters

    /// - Parameter methods: all that the server answers; others are counted as one.
    package init(of methods: [RPCMethod], factory: any MetricsFactory) {
        meters = Dictionary(uniqueKeysWithValues: methods.map { ($0.id, Meters($0.name, factory)) })
        unknown = Meters(RPCMethod.unknown.name, factory)
    }

    /// Counts each call.
    package var interceptor: ServerInterceptor {
        ServerInterceptor(observe: { [self] call, end in
            let meters = meters[call.method.id] ?? unknown
            meters.counter(end.code).increment()
            meters.queue.recordNanoseconds(end.queueNanoseconds)
            meters.handler.recordNanoseconds(end.handlerNanoseconds)
        })
    }
}

/// Shows operators what a service counted, and what it does at the moment.
struct MetricsHandler: Wire.MetricsProvider {
    let registry: MetricsRegistry
    let load: ServerLoad

    func read(
        _ request: Wire.MetricsRequest, context: RequestContext
    ) async throws -> Wire.MetricsReply {
        let reading = load.reading
        func show(_ label: String, _ value: Int, _ dimensions: [(String, String)] = []) {
            Meter(label: label, dimensions: dimensions, factory: registry).set(value)
        }
        show("rpc_running_calls", reading.running)
        show("rpc_call_limit", reading.limit)
        show("rpc_connections", reading.connections)
        for (priority, count) in reading.refused {
            show("rpc_refused_calls", count, [("priority", "\(priority)")])
        }
        return Wire.MetricsReply(text: registry.text())
    }
}
