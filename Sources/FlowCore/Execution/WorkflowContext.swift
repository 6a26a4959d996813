public import FlowJSON

/// The state of one run: the fold of its journal.
public struct WorkflowContext: Sendable {
    /// What never changes in a run, shared by all copies of its context.
    private final class Origin: Sendable {
        let id: WorkflowID
        let graph: WorkflowGraph
        let submission: Submission
        let submittedAt: Timestamp

        init(id: WorkflowID, graph: WorkflowGraph, submission: Submission, submittedAt: Timestamp) {
            self.id = id
            self.graph = graph
            self.submission = submission
            self.submittedAt = submittedAt
        }
    }

    private let origin: Origin
    /// The run's id.
    public var id: WorkflowID { origin.id }
    /// The workflow with its edges.
    public var graph: WorkflowGraph { origin.graph }
    /// What was submitted.
    public var submission: Submission { origin.submission }
    /// When it was submitted.
    public var submittedAt: Timestamp { origin.submittedAt }

    /// Where the run stands.
    public internal(set) var status: WorkflowStatus = .pending
    /// The position of the last event in the fold.
    public internal(set) var position: Int
    /// The node that started last.
    public internal(set) var currentNodeID: NodeID?
    /// The nodes in the order in which they started, each attempt's start counted once.
    public internal(set) var executionPath: [NodeID] = []
    /// The run's output once it is completed.
    public internal(set) var output: JSONValue?
    /// Why the run failed or was cancelled.
    public internal(set) var error: NodeFailure?
    /// When somebody asked for the run to end.
    public internal(set) var cancelRequestedAt: Timestamp?
    /// Why it shall end, as whoever asked said it.
    public internal(set) var cancelReason: String?
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
    /// The backend that the run was moved to last.
    var movedTo: BackendName?
    /// The nodes: those of the workflow in their order, then those of each iteration of a body in the order in which the
    /// iterations began.
    public internal(set) var nodes: [NodeContext]
    /// What few runs have, at most one of it: all copies of a context pass it on as one reference.
    private var rare: [Rare] = []

    private struct Rare: Sendable {
        var iterations = Iterations()
        var sharedInput: SharedInput?
        var identities: [BackendName: BackendIdentity] = [:]
    }

    /// Who the backends are that nodes went to, but for those that are part of the server.
    public internal(set) var identities: [BackendName: BackendIdentity] {
        get { rare.isEmpty ? [:] : rare[0].identities }
        set {
            if rare.isEmpty { rare.append(Rare()) }
            rare[0].identities = newValue
        }
    }

    /// The iterations that have begun.
    var iterations: Iterations {
        get { rare.isEmpty ? Iterations() : rare[0].iterations }
        _modify {
            if rare.isEmpty { rare.append(Rare()) }
            yield &rare[0].iterations
        }
    }

    /// The last input that was made of several outputs: what it was made of has ended and changes no more.
    var sharedInput: SharedInput? {
        get { rare.isEmpty ? nil : rare[0].sharedInput }
        set {
            if rare.isEmpty { rare.append(Rare()) }
            rare[0].sharedInput = newValue
        }
    }

    /// The context right after the submission, which is the event at position 1.
    public init(id: WorkflowID, graph: WorkflowGraph, submission: Submission, submittedAt: Timestamp) {
        origin = Origin(id: id, graph: graph, submission: submission, submittedAt: submittedAt)
        position = 1
        lastEventAt = submittedAt
        nodes = graph.workflow.nodes.map { NodeContext(id: $0.id) }
        executionPath.reserveCapacity(nodes.count)
        if let origin = submission.origin { take(over: origin) }
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
