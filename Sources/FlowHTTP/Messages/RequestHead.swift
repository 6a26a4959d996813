import Synchronization

/// What a request brought before its body. Copies of the request share it.
package final class RequestHead: Sendable {
    /// The method; ``HTTPMethod/unknown`` when no more than a part of the head was read.
    package let method: HTTPMethod
    /// The path as it came, percent-encoded; empty when it was not read.
    package let path: String
    /// The text behind `?` as it came; `nil` when there is no `?`.
    package let query: String?
    /// The header fields.
    package let fields: RequestFields
    /// The address of the client, without its port.
    package let client: String
    /// Where the handler preferably runs: the event loop of the connection.
    package let executor: (any TaskExecutor)?
    /// When the request had come in, for measuring.
    package let arrival: ContinuousClock.Instant

    private let answered = Atomic(false)

    /// Makes a head.
    package init(
        method: HTTPMethod, path: String, query: String? = nil, fields: RequestFields = RequestFields(),
        client: String = "", executor: (any TaskExecutor)? = nil, arrival: ContinuousClock.Instant = .now
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.client = client
        self.executor = executor
        self.arrival = arrival
    }

    /// Whether an answer has been made.
    package var isAnswered: Bool { answered.load(ordering: .relaxed) }

    /// Notes that an answer has been made; false when there was one already.
    func markAnswered() -> Bool { !answered.exchange(true, ordering: .relaxed) }
}
