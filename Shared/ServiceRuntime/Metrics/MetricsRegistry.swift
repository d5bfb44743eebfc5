package import CoreMetrics
import Synchronization

/// Keeps what a service counts and measures, and shows it as text. Whoever wants another backend gives
/// its factory in place of this one.
package final class MetricsRegistry: MetricsFactory {
    struct Key: Hashable, Comparable {
        let label: String
        /// `method="…",code="OK"`, or nothing.
        let dimensions: String

        static func < (left: Key, right: Key) -> Bool {
            (left.label, left.dimensions) < (right.label, right.dimensions)
        }
    }

    private let metrics = Mutex<[Key: any Metric]>([:])

    /// Further ones are not kept: a label that somebody outside can choose must not fill the memory.
    private static let most = 10_000

    package init() {}

    package func makeCounter(
        label: String, dimensions: [(String, String)]
    ) -> any CounterHandler { metric(label, dimensions, Count.init) ?? NOOPMetricsHandler.instance }

    package func makeMeter(
        label: String, dimensions: [(String, String)]
    ) -> any MeterHandler { metric(label, dimensions, Level.init) ?? NOOPMetricsHandler.instance }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            return metric(label, dimensions, Spread.init) ?? NOOPMetricsHandler.instance
        }
        return metric(label, dimensions, Level.init) ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(
        label: String, dimensions: [(String, String)]
    ) -> any TimerHandler { metric(label, dimensions, Spread.init) ?? NOOPMetricsHandler.instance }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// Everything that was counted or measured at least once, in Prometheus' text format 0.0.4. Times are
    /// in seconds.
    package func text() -> String {
        let all = metrics.withLock { $0 }.sorted { $0.key < $1.key }
        var text = ""
        var label: String?
        for (key, metric) in all where !metric.isUntouched {
            if key.label != label { text += "# TYPE \(key.label) \(metric.type)\n" }
            label = key.label
            metric.write(key, to: &text)
        }
        return text
    }

    /// The one of this label and these dimensions. Another kind under the same name is a programmer's
    /// error, which ends in a metric that nobody sees.
    private func metric<Kind: Metric>(
        _ label: String, _ dimensions: [(String, String)], _ make: () -> Kind
    ) -> Kind? {
        let key = Key(
            label: label,
            dimensions: dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
                .joined(separator: ","))
        return metrics.withLock { metrics in
            if let known = metrics[key] { return known as? Kind }
            guard metrics.count < Self.most else { return nil }
            let made = make()
            metrics[key] = made
            return made
        }
    }

    private func remove(_ handler: AnyObject) {
        metrics.withLock { metrics in
            for (key, metric) in metrics where metric === handler { metrics[key] = nil }
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
