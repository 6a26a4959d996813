/// One request, complete with its body.
package struct HTTPRequest: Sendable {
    /// What came before the body.
    package let head: RequestHead
    /// The body.
    package var body: [UInt8] = []
    /// What the route's pattern captured, decoded, in order.
    package var parameters: [String] = []
    /// The request's id, as answers and logs name it.
    package var id = ""
    /// The trace that the request belongs to.
    package var trace: TraceContext?
    /// The preferences that were honoured outside of the route, as `Preference-Applied` says it.
    package var appliedPreferences: String?
    /// Whether the client names versions that the resource has to have, or not to have.
    package var isConditional = false
    /// The route that takes it; set before a responder sees the request when another one with the same method and path was
    /// led there.
    package var route: Route?
    /// What whoever sent it may do.
    package var access = Route.Access.anyone

    /// Makes a request without a body.
    package init(_ head: RequestHead) { self.head = head }

    /// The method.
    package var method: HTTPMethod { head.method }
    /// The path as it came, percent-encoded.
    package var path: String { head.path }
    /// The text behind `?` as it came; `nil` when there is no `?`.
    package var query: String? { head.query }
    /// The header fields.
    package var fields: RequestFields { head.fields }
    /// The address of the client, without its port.
    package var client: String { head.client }
    /// Where the handler preferably runs: the event loop of the connection.
    package var executor: (any TaskExecutor)? { head.executor }
    /// When the request had come in, for measuring.
    package var arrival: ContinuousClock.Instant { head.arrival }
}
