/// One request, complete with its body.
package struct HTTPRequest: Sendable {
    /// The method.
    package var method: HTTPMethod
    /// The path as it came, percent-encoded.
    package var path: String
    /// The text behind `?` as it came; `nil` when there is no `?`.
    package var query: String?
    /// The header fields.
    package var fields: RequestFields
    /// The body.
    package var body: [UInt8] = []
    /// What the route's pattern captured, decoded, in order.
    package var parameters: [String] = []
    /// The address of the client, without its port.
    package var client = ""
    /// Where the handler preferably runs: the event loop of the connection.
    package var executor: (any TaskExecutor)?
    /// The request's id, as answers and logs name it.
    package var id = ""
    /// The trace that the request belongs to.
    package var trace: TraceContext?
    /// When the request had come in, for measuring.
    package var arrival: ContinuousClock.Instant
    /// The route that takes it.
    package var route: Route?

    /// Makes a request.
    package init(
        method: HTTPMethod, path: String, query: String? = nil, fields: RequestFields = RequestFields(),
        arrival: ContinuousClock.Instant = .now
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.arrival = arrival
    }
}
