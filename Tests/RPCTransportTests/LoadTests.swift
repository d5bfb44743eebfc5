import Messages
import RPC
import Synchronization
import Testing

@testable import RPCTransport

@Suite("A server under load", .timeLimit(.minutes(1)))
struct LoadTests {
    private let work = RPCMethod("test.v1.Test/Work", readOnly: true)
    private let list = RPCMethod("test.v1.Test/List", readOnly: true)
    private let health = RPCMethod("test.v1.Test/Health", readOnly: true)

    /// Ten calls at once, never more nor fewer.
    private var ten: ServerLoad {
        var bounds = AdaptiveLimit.Bounds()
        (bounds.minimum, bounds.initial, bounds.maximum) = (10, 10, 10)
        return ServerLoad(bounds)
    }

    private func routes(_ began: Signal, _ go: Signal) -> RouteTable {
        let count = Count(of: 9, signal: began)
        var routes = RouteTable()
        for method in [work, list] {
            routes.unary(method) { (news: Tasks.News, _) in
                count.step()
                try await go.wait()
                return news
            }
        }
        routes.unary(health) { (news: Tasks.News, _) in news }
        routes.setPriority(.sheddable, of: list)
        routes.setPriority(nil, of: health)
        return routes
    }

    /// Raises a signal at the so many-th step.
    private final class Count: Sendable {
        private let left: Mutex<Int>
        private let signal: Signal
        init(of count: Int, signal: Signal) {
            left = Mutex(count)
            self.signal = signal
        }
        func step() {
            let isLast = left.withLock {
                $0 -= 1
                return $0 == 0
            }
            if isLast { signal.raise() }
        }
    }

    @Test("All connections together: work that can wait is refused first, health never")
    func shedding() async throws {
        let (began, go) = (Signal(), Signal())
        try await withServer(routes(began, go), load: ten) { port in
            try await withChannel(port) { one in
                try await withChannel(port) { two in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<9 {
                            let channel = number.isMultiple(of: 2) ? one : two
                            group.addTask {
                                let reply = try await channel.call(
                                    work, "\(number)", timeout: .seconds(30))
                                #expect(reply.title == "\(number)")
                            }
                        }
                        try await began.wait()
                        for method in [work, list] {
                            let error = await failure { try await one.call(method) }
                            #expect(error?.code == .resourceExhausted)
                            #expect(error?.verdict == .notExecuted)
                            #expect(error?.retryAfter != nil)
                        }
                        // It claims to be critical, but who is it?
                        var options = CallOptions()
                        options.priority = .critical
                        let claimed = await failure { [options] in
                            try await one.call(work, options: options)
                        }
                        #expect(claimed?.code == .resourceExhausted)
                        let reply = try await two.call(health, "well")
                        #expect(reply.title == "well")
                        go.raise()
                        try await group.waitForAll()
                    }
                    _ = try await one.call(list)
                }
            }
        }
    }

    @Test("A full server refuses, and has room again when calls end", arguments: Way.allCases)
    func full(way: Way) async throws {
        let (began, go, load) = (Signal(), Signal(), ten)
        try await withChannel(way, routes(began, go), load: load) { channel in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<9 {
                    group.addTask {
                        _ = try await channel.call(work, timeout: .seconds(30))
                    }
                }
                try await began.wait()
                let error = await failure { try await channel.call(work) }
                #expect(error?.code == .resourceExhausted)
                #expect(error?.verdict == .notExecuted)
                #expect(load.reading.running == 9)
                #expect(load.reading.refused == [.normal: 1])
                _ = try await channel.call(health)
                go.raise()
                try await group.waitForAll()
            }
            _ = try await channel.call(work)
            #expect(load.reading.running == 0)
        }
    }

    @Test("The limit is told with the next answer")
    func told() async throws {
        try await withServer(routes(Signal(), Signal()), load: ten) { port in
            try await withRawPeer(port) { peer in
                try await peer.send(
                    hello,
                    Wire.Envelope(
                        id: 1,
                        body: .request(Wire.Request(method: health.name))))
                var most: UInt32?
                try await peer.eachEnvelope { envelope in
                    if case .window(let window) = envelope.body { most = window.maxCalls }
                    return most == nil
                }
                #expect(most == 10)
            }
        }
    }
}
