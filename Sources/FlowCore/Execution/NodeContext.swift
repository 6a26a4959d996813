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
    /// What the node said beside its output.
    public var notes: CompletionNotes?
    /// What the node waits for while it is interrupted.
    public var interrupt: Interrupt?
    /// When the next attempt is made, while the node waits for it.
    public var retryAt: Timestamp?
    /// Whether the node's fallback has taken its place.
    public var usesFallback = false
    /// Whether the node has failed and what follows goes on nevertheless.
    public var isTolerated = false

    /// Makes the context of a node that has not started.
    public init(id: NodeID) { self.id = id }

    /// The first attempt at the piece of work that the last attempt is at: attempts that were lost with the server, one after
    /// the other, were at the same one. 0 before the node starts.
    public var workAttempt: Int {
        var first = attempt?.number ?? 0
        for earlier in earlierAttempts.reversed() {
            guard earlier.error?.code == .lost else { break }
            first = earlier.number
        }
        return first
    }

    /// Whether what follows the node can go on: it has ended and not failed the run.
    var isSettled: Bool { status == .completed || status == .skipped || isTolerated }
}
