import CoreMetrics
import Messages
import RPC
import Testing

@testable import ServiceRuntime

@Suite("Metrics")
struct MetricsTests {
    private let method = RPCMethod("quota.v1.Quota/ListRecords")

    private func observe(
        _ metrics: CallMetrics, _ method: RPCMethod, _ code: RPCCode? = nil, handler: Int64 = 0
    ) {
        let context = RequestContext(
            method: method, peer: Peer(name: "x", isAuthenticated: false), deadline: .now)
        metrics.interceptor.observe?(
            context,
            ServedCall(
                error: code.map { RPCError(code: $0, message: "") }, queueNanoseconds: 50_000,
                handlerNanoseconds: handler, requestBytes: 1, replyBytes: 1))
    }

    @Test("Calls by method and code, and how long they took")
    func calls() {
        let registry = MetricsRegistry()
        let metrics = CallMetrics(of: [method, RPCMethod("a/Never")], factory: registry)
        observe(metrics, method, handler: 2_000_000)
        observe(metrics, method, handler: 20_000_000_000)
        observe(metrics, method, .notFound)
        observe(metrics, RPCMethod("somebody/Else"), .unimplemented)
        let lines = registry.text().split(separator: "\n").map(String.init)
        let name = #"method="quota.v1.Quota/ListRecords""#
        for line in [
            "# TYPE rpc_calls_total counter", #"rpc_calls_total{\#(name),code="OK"} 2"#,
            #"rpc_calls_total{\#(name),code="NOT_FOUND"} 1"#,
            #"rpc_calls_total{method="unknown",code="UNIMPLEMENTED"} 1"#,
            "# TYPE rpc_handler_seconds histogram",
            #"rpc_handler_seconds_bucket{\#(name),le="0.001"} 1"#,
            #"rpc_handler_seconds_bucket{\#(name),le="0.003"} 2"#,
            #"rpc_handler_seconds_bucket{\#(name),le="10"} 2"#,
            #"rpc_handler_seconds_bucket{\#(name),le="+Inf"} 3"#,
            #"rpc_handler_seconds_sum{\#(name)} 20.002"#,
            #"rpc_handler_seconds_count{\#(name)} 3"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!lines.contains { $0.contains("Never") })
        #expect(lines.count { $0 == "# TYPE rpc_calls_total counter" } == 1)
    }

    @Test("What the server does at the moment")
    func load() async throws {
        let (registry, load) = (MetricsRegistry(), ServerLoad())
        load.connectionBegan()
        let pass = try load.begin(method, .normal, requestBytes: 1, at: .now)
        let handler = MetricsHandler(registry: registry, load: load)
        let context = RequestContext(
            method: method, peer: Peer(name: "x", isAuthenticated: false), deadline: .now)
        let text = try await handler.read(.init(), context: context).text
        load.end(pass, nil, requestBytes: 1, at: .now)
        #expect(text.contains("rpc_running_calls 1\n"))
        #expect(text.contains("rpc_call_limit 512\n"))
        #expect(text.contains("rpc_connections 1\n"))
    }

    @Test("Any library's metrics; labels cannot break the text, and are not kept without end")
    func factory() {
        let registry = MetricsRegistry()
        Counter(label: "odd", dimensions: [("a", "x\"\\\ny")], factory: registry).increment(by: 3)
        let gauge = Gauge(label: "level", dimensions: [], factory: registry)
        gauge.record(1.5)
        #expect(
            registry.text() == """
                # TYPE level gauge
                level 1.5
                # TYPE odd counter
                odd{a="x\\"\\\\\\ny"} 3

                """)
        gauge.destroy()
        #expect(!registry.text().contains("level"))
        for number in 0..<20_000 {
            Counter(label: "many", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        #expect(registry.text().split(separator: "\n").count < 10_010)
    }
}
