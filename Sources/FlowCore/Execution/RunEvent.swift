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
        indirect case workflowSubmitted(Submission)
        /// The run's first node is about to start.
        case workflowStarted
        /// An attempt at a node began. The input is left out when it is the one that the graph gives by default.
        case nodeStarted(NodeID, attempt: Int, backend: BackendName, input: JSONValue?)
        /// A node has its output.
        case nodeCompleted(NodeID, attempt: Int, output: JSONValue)
        /// An attempt failed; `isFinal` when no other follows.
        indirect case nodeFailed(NodeID, attempt: Int, error: NodeFailure, isFinal: Bool)
        /// A running node was stopped.
        case nodeCancelled(NodeID, attempt: Int)
        /// Somebody asked for the run to end.
        case cancelRequested(reason: String?)
        /// Every node has ended and none failed the run.
        case workflowCompleted
        /// The run failed. Nodes that had not started are skipped.
        indirect case workflowFailed(NodeFailure)
        /// The run was stopped on request. Nodes that had not started are cancelled.
        case workflowCancelled(reason: String?)
    }
}

/// What a client submitted, as the first event keeps it.
public struct Submission: Hashable, Sendable {
    /// The workflow.
    public var workflow: Workflow
    /// The run's input.
    public var input: JSONValue
    /// The backend that executes the run.
    public var backend: BackendName
    /// Values that the run carries along.
    public var variables: JSONObject
    /// The client's own marks, by which runs are found.
    public var labels: [String: String]
    /// What the run survives.
    public var durability: Durability
    /// The trace that the submission belongs to, as the field `traceparent` names it (W3C Trace Context).
    public var traceparent: String?
    /// The stored definition that the workflow comes from.
    public var definition: DefinitionID?

    /// Makes a submission.
    public init(
        workflow: Workflow, input: JSONValue = .object(JSONObject()), backend: BackendName = .native,
        variables: JSONObject = JSONObject(), labels: [String: String] = [:], durability: Durability = .full,
        traceparent: String? = nil, definition: DefinitionID? = nil
    ) {
        self.workflow = workflow
        self.input = input
        self.backend = backend
        self.variables = variables
        self.labels = labels
        self.durability = durability
        self.traceparent = traceparent
        self.definition = definition
    }
}
