import CoreMetrics
import Synchronization

/// One of the registry's.
protocol Metric: AnyObject, Sendable {
    /// As Prometheus calls it.
    var type: String { get }
    /// It was never counted or measured.
    var isUntouched: Bool { get }
    func write(_ key: MetricsRegistry.Key, to text: inout String)
}

extension Metric {
    func line(
        _ key: MetricsRegistry.Key, _ value: String, suffix: String = "",
        also dimension: String = ""
    ) -> String {
        let dimensions = [key.dimensions, dimension].filter { !$0.isEmpty }.joined(separator: ",")
        return "\(key.label)\(suffix)\(dimensions.isEmpty ? "" : "{\(dimensions)}") \(value)\n"
    }
}

/// How often something happened.
final class Count: Metric, CounterHandler {
    private let value = Atomic<Int64>(0)

    var type: String { "counter" }
    var isUntouched: Bool { value.load(ordering: .relaxed) == 0 }

    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func write(_ key: MetricsRegistry.Key, to text: inout String) {
        text += line(key, "\(value.load(ordering: .relaxed))")
    }
}

/// How much of something there is now.
final class Level: Metric, MeterHandler, RecorderHandler {
    private let value = Mutex<Double?>(nil)

    var type: String { "gauge" }
    var isUntouched: Bool { value.withLock { $0 == nil } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { value.withLock { $0 = ($0 ?? 0) + amount } }
    func decrement(by amount: Double) { increment(by: -amount) }

    func write(_ key: MetricsRegistry.Key, to text: inout String) {
        let value = value.withLock { $0 } ?? 0
        text += line(key, Int64(exactly: value).map { "\($0)" } ?? "\(value)")
    }
}

/// How times, or other values, are spread: how many are at most so large.
final class Spread: Metric, TimerHandler, RecorderHandler {
    /// Upper bounds in nanoseconds; a recorder's values count as seconds.
    private static let bounds: [(nanoseconds: Int64, seconds: String)] = [
        (100_000, "0.0001"), (300_000, "0.0003"), (1_000_000, "0.001"), (3_000_000, "0.003"),
        (10_000_000, "0.01"), (30_000_000, "0.03"), (100_000_000, "0.1"), (300_000_000, "0.3"),
        (1_000_000_000, "1"), (3_000_000_000, "3"), (10_000_000_000, "10"),
    ]

    private let counts = InlineArray<12, Atomic<Int64>> { _ in Atomic(0) }
    /// Nanoseconds.
    private let sum = Atomic<Int64>(0)

    var type: String { "histogram" }
    var isUntouched: Bool {
        counts.indices.allSatisfy { counts[$0].load(ordering: .relaxed) == 0 }
    }

    func recordNanoseconds(_ duration: Int64) {
        var bucket = 0
        while bucket < Self.bounds.count, duration > Self.bounds[bucket].nanoseconds { bucket += 1 }
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(duration, ordering: .relaxed)
    }

    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { recordNanoseconds(Int64(max(-9e18, min(9e18, value * 1e9)))) }

    func write(_ key: MetricsRegistry.Key, to text: inout String) {
        var count: Int64 = 0
        for index in counts.indices {
            count += counts[index].load(ordering: .relaxed)
            let bound = index < Self.bounds.count ? Self.bounds[index].seconds : "+Inf"
            text += line(key, "\(count)", suffix: "_bucket", also: "le=\"\(bound)\"")
        }
        let seconds = Double(sum.load(ordering: .relaxed)) / 1e9
        text += line(key, "\(seconds)", suffix: "_sum")
        text += line(key, "\(count)", suffix: "_count")
    }
}
