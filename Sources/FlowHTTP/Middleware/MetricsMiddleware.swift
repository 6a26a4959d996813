package import Metrics

/// Counts answered requests by the class of their status, and measures how long they took.
package final class MetricsMiddleware: Middleware {
    /// What it does.
    package let stages: MiddlewareStages = .ended
    private let counters: [Counter]
    private let duration: Timer
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Makes the metrics; the time is that of the requests' arrivals.
    package init(factory: any MetricsFactory, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.now = now
        counters = (1...5).map {
            Counter(label: "flowcore_http_requests_total", dimensions: [("status", "\($0)xx")], factory: factory)
        }
        duration = Timer(label: "flowcore_http_request_duration_seconds", dimensions: [], factory: factory)
    }

    /// Counts and measures.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {
        counters[min(max(response.status / 100, 1), 5) - 1].increment()
        let elapsed = request.arrival.duration(to: now()).components
        duration.recordNanoseconds(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000)
    }
}
