public import FlowCore

/// Posts events to those who want to know of them. The engine states what it needs; whoever can call out implements it.
public protocol WebhookSender: Sendable {
    /// Everything that keeps a hook from being called at all, each with its place in the hook. Names are not resolved.
    func issues(of hook: CompletionHook) -> [ValidationIssue]

    /// Posts an event. Redirects are not followed.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    func post(_ request: WebhookRequest) async throws(CancellationError) -> WebhookAnswer
}

/// One request that tells of an event.
public struct WebhookRequest: Sendable {
    /// Where it goes to.
    public var url: String
    /// Its header fields.
    public var headers: [(name: String, value: String)]
    /// Its body.
    public var body: [UInt8]
    /// How long the answer may take.
    public var timeout: Duration

    /// Makes a request.
    public init(url: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration) {
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// What came back.
public enum WebhookAnswer: Hashable, Sendable {
    /// An answer, with the wait that it asks for.
    case status(Int, retryAfter: Duration?)
    /// No answer, and why.
    case none(String)
}
