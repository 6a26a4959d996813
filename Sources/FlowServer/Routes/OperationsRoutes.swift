import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// What operators and tools ask for.
struct OperationsRoutes: Sendable {
    let service: WorkflowService
    let limits: PublishedLimits
    let metrics: PrometheusMetrics
    let listenerCount: @Sendable () -> Int

    var routes: [Route] {
        [
            Route(.get, "/", .anyone, .immediate { _ in HTTPResponse(status: 303, fields: [("Location", "/docs")]) }),
            Route(.get, "/livez", .anyone, .immediate { _ in .json(Array("{\"status\":\"alive\"}".utf8)) }),
            Route(.get, "/healthz", .anyone, .immediate { _ in .json(Array("{\"status\":\"alive\"}".utf8)) }),
            Route(.get, "/readyz", .anyone, .suspending(ready)),
            Route(.get, "/limits", .viewer, .immediate { [limits] _ in .json(limits.bytes) }),
            Route(.get, "/metrics", .viewer, .immediate(scrape)),
            Route(.get, "/openapi.yaml", .anyone, .immediate { _ in asset(Assets.openAPI, "application/yaml") }),
            Route(.get, "/docs", .anyone, .immediate { _ in asset(Assets.docs, "text/html; charset=utf-8") }),
        ]
    }

    @Sendable private func ready(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        do { try await service.check() } catch { throw Problem(error) }
        return .json(Array("{\"status\":\"ready\"}".utf8))
    }

    @Sendable private func scrape(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        let gauges = [
            ("flowcore_runs_active", "Runs that have not ended.", Double(service.store.activeRuns)),
            ("flowcore_http_event_streams", "Event streams that are open.", Double(listenerCount())),
        ]
        let text = metrics.exposition(gauges: gauges + ProcessStatistics.gauges())
        return .text(text, type: "text/plain; version=0.0.4; charset=utf-8")
    }
}

/// A file that changes with the program alone.
private func asset(_ bytes: [UInt8], _ type: String) -> HTTPResponse {
    HTTPResponse(
        status: 200,
        fields: [
            ("Content-Type", type), ("Cache-Control", "public, max-age=3600"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ],
        body: .bytes(bytes))
}
