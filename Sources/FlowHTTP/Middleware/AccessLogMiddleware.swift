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

    /// Makes a log.
    package init(scope: Scope, logger: Logger) {
        self.scope = scope
        self.logger = logger
    }

    /// Writes one line.
    package func ended(_ response: inout HTTPResponse, to request: HTTPRequest) {
        guard scope == .all || scope == .errors && response.status >= 400 else { return }
        let elapsed = request.arrival.duration(to: .now).components
        let microseconds = elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
        var metadata: Logger.Metadata = [
            "method": "\(request.method)", "path": "\(request.path)", "status": "\(response.status)",
            "duration_us": "\(microseconds)", "client": "\(request.client)", "request_id": "\(request.id)",
        ]
        if let size = response.body.size { metadata["bytes"] = "\(size)" }
        if let trace = request.trace { metadata["trace_id"] = "\(trace.trace)" }
        logger.log(level: response.status >= 500 ? .error : .info, "request answered", metadata: metadata)
    }
}
