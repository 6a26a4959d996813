public import FlowCore

/// What an `Idempotency-Key` stands for, stored together with the run that it started.
public struct IdempotencyRecord: Hashable, Sendable {
    /// The client's key.
    public var key: String
    /// A hash of the request, by which the same key on another request is told apart.
    public var fingerprint: String
    /// The run that the first request started.
    public var workflowID: WorkflowID
    /// When the first request came.
    public var createdAt: Timestamp

    /// Makes a record.
    public init(key: String, fingerprint: String, workflowID: WorkflowID, createdAt: Timestamp) {
        self.key = key
        self.fingerprint = fingerprint
        self.workflowID = workflowID
        self.createdAt = createdAt
    }
}
