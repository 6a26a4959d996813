package import Logging

/// Logs answered requests.
package final class AccessLogMiddleware: Middleware {
    /// What it does.
    package let stages: MiddlewareStages = .ended
    /// Which requests are logged.
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        /// None.
        case off
        /// Those answered with a status of 400 or more.
        case errors
        /// All.
        case all
    }

    private let scope: Scope
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant

    /// Makes a log; the time is that of the requests' arrivals.
    package init(scope: Scope, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.scope = scope
        self.now = now
        self.logger = logger
    }

    /// Writes one line.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {
        guard scope == .all || scope == .errors && response.status >= 400 else { return }
        let elapsed = request.arrival.duration(to: now()).components
        let microseconds = elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
        var metadata: Logger.Metadata = [
            "status": "\(response.status)", "duration_us": "\(microseconds)", "client": "\(request.client)",
            "request_id": "\(request.id)",
        ]
        // Of a request that could not be read to its end not all is known.
        if request.method != .unknown { metadata["method"] = "\(request.method)" }
        if !request.path.isEmpty { metadata["path"] = "\(request.path)" }
        if let size = response.body.size { metadata["bytes"] = "\(size)" }
        if let trace = request.trace { metadata["trace_id"] = "\(trace.trace)" }
        logger.log(level: response.status >= 500 ? .error : .info, "request answered", metadata: metadata)
    }
}
