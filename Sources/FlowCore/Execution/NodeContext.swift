public import FlowJSON

/// The state of one node in one run.
public struct NodeContext: Hashable, Sendable {
    /// One try at executing a node.
    public struct Attempt: Hashable, Sendable {
        /// The attempt's number, from 1.
        public var number: Int
        /// The backend that executed it.
        public var backend: BackendName
        /// How it stands or ended.
        public var status: NodeStatus
        /// Why it failed.
        public var error: NodeFailure?
        /// When it started.
        public var startedAt: Timestamp
        /// When it ended.
        public var completedAt: Timestamp?
    }

    /// The node's id.
    public var id: NodeID
    /// Where the node stands.
    public var status: NodeStatus = .pending
    /// What the node works on; `nil` until it starts.
    public var inputData: JSONValue?
    /// What the node made; `nil` until it completes.
    public var outputData: JSONValue?
    /// The last attempt; `nil` until the node starts.
    public var attempt: Attempt?
    /// The attempts before the last one.
    public var earlierAttempts: [Attempt] = []
    /// When the node reached a final status.
    public var completedAt: Timestamp?

    /// Makes the context of a node that has not started.
    public init(id: NodeID) { self.id = id }
}
