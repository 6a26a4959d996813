package import CoreMetrics
import Synchronization

/// Keeps what the program counts and measures, and shows it in Prometheus' text format (version 0.0.4).
package final class PrometheusMetrics: MetricsFactory {
    private struct Key: Hashable {
        let label: String
        let dimensions: [String]

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.map { "\($0)=\"\(Key.escaped($1))\"" }
        }

        var labels: String { dimensions.isEmpty ? "" : "{" + dimensions.joined(separator: ",") + "}" }

        private static func escaped(_ text: String) -> String {
            var result = ""
            for character in text {
                switch character {
                case "\\": result += "\\\\"
                case "\"": result += "\\\""
                case "\n": result += "\\n"
                default: result.append(character)
                }
            }
            return result
        }
    }

    private struct State: Sendable {
        var counters: [Key: CounterValue] = [:]
        var gauges: [Key: GaugeValue] = [:]
        var timers: [Key: TimerValue] = [:]
    }

    private let state = Mutex(State())

    /// Makes an empty set.
    package init() {}

    /// Counts upwards.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        state.withLock { state in
            let key = Key(label, dimensions)
            if let known = state.counters[key] { return known }
            let value = CounterValue()
            state.counters[key] = value
            return value
        }
    }

    /// Keeps the last value, or the sum of what is recorded.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        state.withLock { state in
            let key = Key(label, dimensions)
            if let known = state.gauges[key] { return known }
            let value = GaugeValue()
            state.gauges[key] = value
            return value
        }
    }

    /// Measures durations, shown in seconds as a histogram.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        state.withLock { state in
            let key = Key(label, dimensions)
            if let known = state.timers[key] { return known }
            let value = TimerValue()
            state.timers[key] = value
            return value
        }
    }

    /// Nothing is torn down: the names of metrics are few and known.
    package func destroyCounter(_ handler: any CounterHandler) {}
    /// Nothing is torn down.
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Nothing is torn down.
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The text of a scrape.
    ///
    /// - Parameter gauges: Values that are read at the moment.
    package func exposition(gauges: [(name: String, help: String, value: Double)]) -> String {
        let (counters, recorded, timers) = state.withLock { ($0.counters, $0.gauges, $0.timers) }
        var text = ""
        for gauge in gauges {
            let type = gauge.name.hasSuffix("_total") ? "counter" : "gauge"
            text += "# HELP \(gauge.name) \(gauge.help)\n# TYPE \(gauge.name) \(type)\n\(gauge.name) \(gauge.value)\n"
        }
        var last = ""
        func type(_ label: String, _ type: String) {
            if label != last { text += "# TYPE \(label) \(type)\n" }
            last = label
        }
        for (key, value) in counters.sorted(by: { ($0.key.label, $0.key.labels) < ($1.key.label, $1.key.labels) }) {
            type(key.label, "counter")
            text += "\(key.label)\(key.labels) \(value.total)\n"
        }
        for (key, value) in recorded.sorted(by: { ($0.key.label, $0.key.labels) < ($1.key.label, $1.key.labels) }) {
            type(key.label, "gauge")
            text += "\(key.label)\(key.labels) \(value.current)\n"
        }
        for (key, value) in timers.sorted(by: { ($0.key.label, $0.key.labels) < ($1.key.label, $1.key.labels) }) {
            type(key.label, "histogram")
            text += value.exposition(key.label, key.dimensions)
        }
        return text
    }
}
