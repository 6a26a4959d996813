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
    /// The media types of its answers; none when they have no content.
    package let produces: [String]
    /// What its handler does with the client's wishes. What it does not is refused before it is called, where a client
    /// has to know.
    package let wishes: Wishes
    /// What clients say most often of the types that they take, when they take what the route produces.
    let plainAccepts: [String]

    /// Wishes of a client that a handler looks at.
    package struct Wishes: OptionSet, Sendable {
        /// The bits.
        package let rawValue: Int

        /// Takes the bits.
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// `Prefer`
        package static let preferences = Wishes(rawValue: 1)
        /// `If-Match` and `If-None-Match` of a read; what changes something always looks at them.
        package static let conditions = Wishes(rawValue: 2)
    }

    /// How much a caller has to be trusted with.
    package enum Access: Int, Hashable, Sendable, Comparable {
        case anyone, viewer, submitter, admin

        /// Orders by trust.
        package static func < (left: Access, right: Access) -> Bool { left.rawValue < right.rawValue }
    }

    /// Makes a route.
    package init(
        _ method: HTTPMethod, _ pattern: String, _ access: Access, takesBody: Bool = false,
        produces: [String] = [MediaTypes.json], wishes: Wishes = [], _ handler: Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
        self.access = access
        self.takesBody = takesBody
        self.produces = produces
        self.wishes = wishes
        plainAccepts = ["*/*"] + produces
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
