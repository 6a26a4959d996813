import Metrics

/// Counts what came of telling others of the end of runs.
struct HookMetrics: Sendable {
    private let deliveries: [Delivery.Status: Counter]
    private let failures: Counter

    init(factory: any MetricsFactory) {
        var deliveries: [Delivery.Status: Counter] = [:]
        for status in [Delivery.Status.delivered, .failed] {
            deliveries[status] = Counter(
                label: "flowcore_hook_deliveries_total", dimensions: [("status", status.rawValue)], factory: factory)
        }
        self.deliveries = deliveries
        failures = Counter(label: "flowcore_hook_failed_attempts_total", dimensions: [], factory: factory)
    }

    /// Counts an attempt, and the delivery when there is no more to do.
    func attempted(_ delivery: Delivery) {
        if delivery.status != .delivered { failures.increment() }
        deliveries[delivery.status]?.increment()
    }

    /// Counts a delivery that was given up without an attempt.
    func dropped() { deliveries[.failed]?.increment() }
}
