import FlowCore
import Metrics
import Synchronization

/// What is counted and measured of one node type on one backend.
final class NodeMeter: Sendable {
    let success: Counter
    let failure: Counter
    let interrupted: Counter
    let cancelled: Counter
    let backendFailure: Counter
    let duration: Timer

    init(backend: String, type: String, factory: any MetricsFactory) {
        let dimensions = [("backend", backend), ("type", type)]
        func counter(_ outcome: String) -> Counter {
            Counter(
                label: "flowcore_backend_nodes_total", dimensions: dimensions + [("outcome", outcome)],
                factory: factory)
        }
        success = counter("success")
        failure = counter("failure")
        interrupted = counter("interrupted")
        cancelled = counter("cancelled")
        backendFailure = counter("backend_error")
        duration = Timer(
            label: "flowcore_backend_node_duration_seconds", dimensions: dimensions, factory: factory)
    }
}

/// The meters of all metered backends. Since nothing that was shown once goes away, there are only so many.
final class NodeMeters: Sendable {
    /// The type, or backend, of what has no meter of its own any more.
    static let other = "other"

    private struct Key: Hashable {
        let backend: String
        let type: String
    }

    private let meters = Mutex([Key: NodeMeter]())
    private let limit: Int
    private let factory: any MetricsFactory

    /// - Parameter limit: How many pairs of a backend and a node type are told apart.
    init(factory: any MetricsFactory, limit: Int = 1000) {
        self.factory = factory
        self.limit = limit
    }

    /// The meter of a node type on a backend, or the one of all others.
    func meter(backend: BackendName, type: String) -> NodeMeter {
        meters.withLock { meters in
            let key = Key(backend: backend.rawValue, type: type)
            if let known = meters[key] { return known }
            let kept = meters.count < limit ? key : Key(backend: Self.other, type: Self.other)
            if let known = meters[kept] { return known }
            let meter = NodeMeter(backend: kept.backend, type: kept.type, factory: factory)
            meters[kept] = meter
            return meter
        }
    }
}
