import CoreMetrics
import Synchronization

/// A number that grows.
final class CounterValue: CounterHandler {
    private let value = Atomic<Int64>(0)

    var total: Int64 { value.load(ordering: .relaxed) }

    func increment(by amount: Int64) { value.add(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
}

/// A number that changes.
final class GaugeValue: RecorderHandler {
    private let value = Mutex(0.0)

    var current: Double { value.withLock { $0 } }

    func record(_ value: Int64) { self.value.withLock { $0 = Double(value) } }
    func record(_ value: Double) { self.value.withLock { $0 = value } }
}

/// How often durations of each length were seen.
final class TimerValue: TimerHandler {
    /// The upper ends of the classes in nanoseconds, each four times the one before, from 50 µs to 52 s.
    private static let bounds = (0..<11).map { Int64(50_000) << (2 * Int64($0)) }

    private struct State: Sendable {
        var counts = [Int64](repeating: 0, count: 12)
        var sum: Int64 = 0
    }

    private let state = Mutex(State())

    func recordNanoseconds(_ duration: Int64) {
        let place = Self.bounds.firstIndex { duration <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[place] += 1
            state.sum &+= duration
        }
    }

    func exposition(_ label: String, _ dimensions: [String]) -> String {
        let state = state.withLock { $0 }
        var text = ""
        var total: Int64 = 0
        for (bound, count) in zip(Self.bounds, state.counts) {
            total += count
            let labels = (dimensions + ["le=\"\(Double(bound) / 1e9)\""]).joined(separator: ",")
            text += "\(label)_bucket{\(labels)} \(total)\n"
        }
        total += state.counts[Self.bounds.count]
        text += "\(label)_bucket{\((dimensions + ["le=\"+Inf\""]).joined(separator: ","))} \(total)\n"
        let labels = dimensions.isEmpty ? "" : "{" + dimensions.joined(separator: ",") + "}"
        return text + "\(label)_sum\(labels) \(Double(state.sum) / 1e9)\n\(label)_count\(labels) \(total)\n"
    }
}
