public import FlowJSON

/// The state of one run: the fold of its journal.
public struct WorkflowContext: Sendable {
    /// What never changes in a run, shared by all copies of its context.
    public let constants: RunConstants
    /// The run's id.
    public var id: WorkflowID { constants.id }
    /// The workflow with its edges.
    public var graph: WorkflowGraph { constants.graph }
    /// What was submitted.
    public var submission: Submission { constants.submission }
    /// When it was submitted.
    public var submittedAt: Timestamp { constants.submittedAt }

    /// Where the run stands.
    public internal(set) var status: WorkflowStatus = .pending
    /// The position of the last event in the fold.
    public internal(set) var position: Int
    /// The node that started last.
    public var currentNodeID: NodeID? { currentNode.map { nodes[$0].id } }
    /// Its place in ``nodes``.
    var currentNode: Int?
    /// The nodes in the order in which they started, each attempt's start counted once.
    public internal(set) var executionPath: [NodeID] = []
    /// The run's output once it is completed.
    public internal(set) var output: JSONValue?
    /// When the last event in the fold happened.
    public internal(set) var lastEventAt: Timestamp
    /// When the run started.
    public internal(set) var startedAt: Timestamp?
    /// When the run ended.
    public internal(set) var completedAt: Timestamp?
    /// Since when no further node is started, on request.
    public internal(set) var pausedAt: Timestamp?
    /// The backend that executes the run.
    public var backend: BackendName { movedTo ?? submission.backend }
    /// The nodes: those of the workflow in their order, then those of each iteration of a body in the order in which the
    /// iterations began.
    public internal(set) var nodes: [NodeContext]
    /// What few runs have, at most one of it: all copies of a context pass it on as one reference.
    var rare: [Rare] = []

    /// The context right after the submission, which is the event at position 1.
    public init(_ constants: RunConstants) {
        self.constants = constants
        position = 1
        lastEventAt = constants.submittedAt
        let defined = constants.graph.workflow.nodes
        nodes = defined.indices.map { NodeContext(id: defined[$0].id) }
        executionPath.reserveCapacity(nodes.count)
        if let origin = constants.submission.origin { take(over: origin) }
    }

    /// The context right after the submission.
    public init(id: WorkflowID, graph: WorkflowGraph, submission: Submission, submittedAt: Timestamp) {
        self.init(RunConstants(id: id, graph: graph, submission: submission, submittedAt: submittedAt))
    }

    /// The context that a journal's first event gives, or `nil` when that event is no submission.
    public init?(id: WorkflowID, first event: RunEvent) {
        guard event.position == 1, case .workflowSubmitted(let submission) = event.kind else { return nil }
        self.init(
            id: id, graph: WorkflowGraph(submission.workflow), submission: submission, submittedAt: event.time)
    }

    /// The context of a node, or `nil` when there is none of that id.
    public subscript(node: NodeID) -> NodeContext? { position(of: node).map { nodes[$0] } }
}
