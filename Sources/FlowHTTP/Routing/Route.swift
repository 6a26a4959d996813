/// One method on one path, and what answers it. Made once and shared by all its requests.
package final class Route: Sendable {
    /// How a route answers.
    package enum Handler: Sendable {
        /// On the thread that asks, without waiting.
        case immediate(@Sendable (HTTPRequest) throws(Problem) -> HTTPResponse)
        /// By waiting.
        case suspending(@Sendable (HTTPRequest) async throws(Problem) -> HTTPResponse)
        /// At once when it can (an answer), by waiting when it cannot (`nil`).
        case either(
            now: @Sendable (HTTPRequest) throws(Problem) -> HTTPResponse?,
            later: @Sendable (HTTPRequest) async throws(Problem) -> HTTPResponse)
    }

    /// The method.
    package let method: HTTPMethod
    /// The path with `{name}` where a segment is captured.
    package let pattern: String
    /// What answers.
    package let handler: Handler
    /// What the route needs of whoever asks, as the authentication understands it.
    package let access: Access
    /// Whether the route takes a body.
    package let takesBody: Bool

    /// How much a caller has to be trusted with.
    package enum Access: Int, Hashable, Sendable, Comparable {
        case anyone, viewer, submitter, admin

        /// Orders by trust.
        package static func < (left: Access, right: Access) -> Bool { left.rawValue < right.rawValue }
    }

    /// Makes a route.
    package init(
        _ method: HTTPMethod, _ pattern: String, _ access: Access, takesBody: Bool = false, _ handler: Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
        self.access = access
        self.takesBody = takesBody
    }

    /// The segments of the pattern.
    var segments: [Segment] {
        pattern.split(separator: "/").map { $0.hasPrefix("{") ? .capture : .literal(String($0)) }
    }

    enum Segment: Hashable, Sendable {
        case literal(String)
        case capture
    }
}
