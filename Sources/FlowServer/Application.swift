package import FlowEngine
package import FlowHTTP
import FlowJSON
package import Logging

/// The API: everything between a request and the service.
package struct Application: Sendable {
    /// How the API behaves.
    package struct Options: Sendable {
        /// The keys that open it.
        package var keys = APIKeys()
        /// Which requests are logged.
        package var accessLog = AccessLogMiddleware.Scope.errors
        /// How deep bodies may nest.
        package var jsonDepth = 128
        /// How many event streams may be open.
        package var maxListeners = 5000
        /// How long an event stream may be silent.
        package var heartbeat: Duration = .seconds(10)
        /// What the server below keeps, to be told to clients.
        package var httpLimits: [(name: String, value: Int)] = []
        /// The version of the server, as backends tell it.
        package var version = "0"
        /// Another text for every start, with which ids of requests begin.
        package var idPrefix = "r"
        /// The time that the server below stamps requests with.
        package var now: @Sendable () -> ContinuousClock.Instant = { .now }

        /// Makes the defaults.
        package init() {}
    }

    /// Answers requests.
    package let responder: RoutedResponder
    /// Every route, for those who describe the API.
    package let routes: [Route]

    /// Makes the API over a service.
    package init(service: WorkflowService, metrics: PrometheusMetrics, options: Options, logger: Logger) {
        let json = JSONBody(limits: JSONLimits(depth: options.jsonDepth))
        let events = EventRoutes(service: service, heartbeat: options.heartbeat, maxListeners: options.maxListeners)
        let limits = PublishedLimits(
            engine: service.limits, jsonDepth: options.jsonDepth,
            http: options.httpLimits + [("max_event_streams", options.maxListeners)])
        routes =
            WorkflowRoutes(service: service, json: json).routes
            + NodeRoutes(service: service, json: json).routes + RunControlRoutes(service: service, json: json).routes
            + events.routes
            + DefinitionRoutes(service: service, json: json).routes
            + BackendRoutes(service: service, json: json, version: options.version).routes
            + WireRoutes(service: service, json: json, heartbeat: options.heartbeat).routes
            + (service.conformance.map {
                ConformanceRoutes(service: service, runs: $0, json: json, heartbeat: options.heartbeat).routes
            } ?? [])
            + OperationsRoutes(
                service: service, limits: limits, metrics: metrics, listenerCount: { events.listenerCount }
            ).routes
        responder = RoutedResponder(
            router: Router(routes),
            middleware: [
                AccessLogMiddleware(scope: options.accessLog, logger: logger, now: options.now),
                MetricsMiddleware(factory: metrics, now: options.now), SecurityFieldsMiddleware(),
                IdentityMiddleware(prefix: options.idPrefix), AuthenticationMiddleware(keys: options.keys),
                NegotiationMiddleware(),
            ])
    }
}
