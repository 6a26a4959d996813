public import FlowJSON

/// One entry of a run's journal.
public struct RunEvent: Hashable, Sendable {
    /// The event's place in its run's journal, from 1 and without gaps.
    public var position: Int
    /// When it happened.
    public var time: Timestamp
    /// What happened.
    public var kind: Kind

    /// Makes an event.
    public init(position: Int, time: Timestamp, kind: Kind) {
        self.position = position
        self.time = time
        self.kind = kind
    }

    /// What can happen to a run.
    public enum Kind: Hashable, Sendable {
        /// The run was accepted. Always the first event.
        case workflowSubmitted(Submission)
        /// The run's first node is about to start.
        case workflowStarted
        /// An attempt at a node began. The input is left out when it is the one that the graph gives by default.
        case nodeStarted(NodeID, attempt: Int, backend: BackendName, input: JSONValue?)
        /// A backend gets its first node of the run, or its first since another one was registered under its name. Left
        /// out of those that are part of the server.
        indirect case backendIdentified(BackendName, BackendIdentity)
        /// Another backend does the work of an attempt than the one that was to do it.
        indirect case backendSwitched(NodeID, attempt: Int, BackendSwitch)
        /// A node has its output.
        case nodeCompleted(NodeID, attempt: Int, output: JSONValue, notes: CompletionNotes?)
        /// An attempt failed, and what follows from that.
        indirect case nodeFailed(NodeID, attempt: Int, error: NodeFailure, then: FailureOutcome)
        /// A node will not run.
        case nodeSkipped(NodeID)
        /// A node waits for an answer from outside.
        case nodeInterrupted(NodeID, attempt: Int, Interrupt)
        /// A running node handed out a part of its result.
        case nodeChunk(NodeID, attempt: Int, JSONValue)
        /// A node's body begins to run once more, on an item.
        indirect case iterationStarted(NodeID, index: Int, item: JSONValue)
        /// A run of a node's body has ended.
        indirect case iterationEnded(NodeID, index: Int, IterationOutcome)
        /// A running node was stopped.
        case nodeCancelled(NodeID, attempt: Int)
        /// Somebody asked for the run to end.
        case cancelRequested(reason: String?)
        /// Nothing can go on before an answer comes from outside.
        case workflowInterrupted
        /// Somebody asked that no further node be started.
        case workflowPaused
        /// Somebody asked that the run go on.
        case workflowResumed
        /// Somebody asked that another backend go on with the run.
        case workflowMoved(BackendName)
        /// Every node has ended and none failed the run. The output is left out when it is the one that the graph gives.
        case workflowCompleted(output: JSONValue?)
        /// The run failed. Nodes that had not started are skipped.
        indirect case workflowFailed(NodeFailure)
        /// The run was stopped on request. Nodes that had not started are cancelled.
        case workflowCancelled(reason: String?)
    }
}
