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
            // The method is kept: HEAD stays HEAD.
            fixed("/", .anyone, produces: []) { HTTPResponse(status: 307, fields: [("Location", "/docs")]) },
            fixed("/livez", .anyone) { .json(Array("{\"status\":\"alive\"}".utf8)) },
            fixed("/healthz", .anyone) { .json(Array("{\"status\":\"alive\"}".utf8)) },
            Route(.get, "/readyz", .anyone, .suspending(ready)),
            fixed("/limits", .viewer) { [limits] in .json(limits.bytes) },
            fixed("/metrics", .viewer, produces: ["text/plain"], scrape),
            fixed("/openapi.yaml", .anyone, produces: ["application/yaml"]) {
                asset(Assets.openAPI, "application/yaml")
            },
            fixed("/docs", .anyone, produces: ["text/html"]) { asset(Assets.docs, "text/html; charset=utf-8") },
        ]
    }

    /// A route whose answer depends on nothing in the request.
    private func fixed(
        _ path: String, _ access: Route.Access, produces: [String] = [MediaTypes.json],
        _ answer: @escaping @Sendable () -> HTTPResponse
    ) -> Route {
        Route(
            .get, path, access, produces: produces,
            .immediate { (request: HTTPRequest) throws(Problem) -> HTTPResponse in
                try request.refuseQuery()
                return answer()
            })
    }

    @Sendable private func ready(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        do { try await service.check() } catch { throw Problem(error) }
        return .json(Array("{\"status\":\"ready\"}".utf8))
    }

    @Sendable private func scrape() -> HTTPResponse {
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
