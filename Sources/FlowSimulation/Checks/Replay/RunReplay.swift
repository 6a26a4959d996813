package import FlowCore
import FlowJSON

/// Goes through the events of one run and says what is wrong with them, by the workflow's JSON alone: it knows neither
/// planner nor driver nor the engine's own fold.
///
/// Every event has to be allowed by those before it, and what it holds has to follow from them: inputs, outputs, which
/// nodes are passed over, which iterations there are. What can differ from one execution to the other is only what the
/// faults explain: which attempts fail for want of a backend, by a timeout, or are lost.
package struct RunReplay {
    /// What is known of a run beside its journal.
    package struct Facts: Sendable {
        /// How often the backend refused the nodes, by their addresses.
        package var refusals: [NodeID: Int] = [:]
        /// Whether somebody asked for the run's end.
        package var isCancelWished = false
        /// The run itself, of which the ids of those that its nodes start follow.
        package var id = WorkflowID("run")
        /// The other runs, as they ended.
        package var run: @Sendable (WorkflowID) -> WorkflowContext? = { _ in nil }
        /// Whether a node may lose sight of the run that it has started.
        package var mayLoseSight = false

        /// Nothing is known.
        package init() {}
    }

    enum Status: String {
        case pending, running, interrupted, completed, failed, tolerated, skipped, cancelled
    }

    /// One node of the workflow or of an iteration.
    struct NodeState {
        let spec: NodeSpec
        let scope: Int
        var status = Status.pending
        var attempts = 0
        var input = JSONValue.null
        var output: JSONValue?
        var isBarred = false
        var usesFallback = false
        var retryAt: Timestamp?
        /// Failures by the node's own fault, and for want of its backend.
        var ownFailures = 0
        var blips = 0
        /// Of a node with a body: its iterations' outputs, how many began and go on, what a loop's next one works on.
        var results: [JSONValue] = []
        var begun = 0
        var active = 0
        var value = JSONValue.null
        /// The run that the node has started and waits for.
        var child: WorkflowID?
        /// Why the node fails once its iterations have ended.
        var bodyFailure: NodeFailure.Code?

        /// What the node is now: its fallback is executed by a backend.
        var type: String { usesFallback ? NodeBehaviour.workType : spec.type }
        var isSettled: Bool { [.completed, .tolerated, .skipped].contains(status) }
    }

    /// Nodes that run together.
    struct ScopeState {
        let addresses: [NodeID]
        let isSequence: Bool
        /// The node that has them as its body.
        let owner: NodeID?
        let index: Int
        let item: JSONValue
        var isFailing = false
        var isOver = false
    }

    let facts: Facts
    private(set) var problems: [String] = []
    private var position = 0
    var time = Timestamp(milliseconds: 0)
    var input = JSONValue.null
    var hasRunTimeout = false
    var scopes: [ScopeState] = []
    var nodes: [NodeID: NodeState] = [:]
    /// The runs that nodes have started.
    var children: [WorkflowID: ChildLink] = [:]
    /// The nodes in the order in which they first started.
    private(set) var path: [NodeID] = []
    var backend = ""
    /// The number of the run in its simulation, of which the answers to its nodes are made.
    var number = 0
    var isPaused = false
    var isCancelled = false
    private var hasStarted = false
    private(set) var end: WorkflowStatus?

    private init(_ facts: Facts) { self.facts = facts }

    /// Goes through the events of a run from the first on.
    static func replay(_ events: [RunEvent], _ facts: Facts) -> RunReplay {
        var replay = RunReplay(facts)
        for event in events {
            if event.position != replay.position + 1 { replay.wrong("follows position \(replay.position)", event) }
            if event.time < replay.time { replay.wrong("is earlier than the one before it", event) }
            replay.position = event.position
            replay.time = event.time
            replay.take(event)
        }
        return replay
    }

    /// Everything that is wrong with the events of a run.
    package static func problems(of events: [RunEvent], _ facts: Facts = Facts()) -> [String] {
        replay(events, facts).problems
    }

    private mutating func wrong(_ message: String, _ event: RunEvent) {
        guard problems.count < 5 else { return }
        problems.append("event \(event.position) (\(event.kind)) \(message)")
    }

    mutating func wrong(_ message: String) {
        guard problems.count < 5 else { return }
        problems.append("event \(position): \(message)")
    }

    private mutating func take(_ event: RunEvent) {
        if end != nil { wrong("comes after the end", event) }
        if scopes.isEmpty {
            guard case .workflowSubmitted = event.kind else { return wrong("comes before the submission", event) }
        }
        switch event.kind {
        case .workflowSubmitted(let submission):
            if !scopes.isEmpty { return wrong("submits the run once more", event) }
            begin(submission)
        case .workflowStarted:
            if hasStarted { wrong("starts the run once more", event) }
            hasStarted = true
        case .nodeStarted(let id, let attempt, let name, let input):
            if !hasStarted { wrong("comes before the start", event) }
            if nodes[id]?.attempts == 0 { path.append(id) }
            start(id, attempt, name.rawValue, input)
        case .nodeCompleted(let id, let attempt, let output, let notes): complete(id, attempt, output, notes)
        case .nodeFailed(let id, let attempt, let error, let outcome): fail(id, attempt, error, outcome)
        case .nodeSkipped(let id): skip(id)
        case .nodeInterrupted(let id, let attempt, _): interrupt(id, attempt)
        case .backendIdentified: break
        case .nodeChunk(let id, let attempt, _), .backendSwitched(let id, let attempt, _):
            if nodes[id]?.status != .running || nodes[id]?.attempts != attempt { wrong("is of no attempt", event) }
        case .nodeCancelled(let id, let attempt):
            guard nodes[id]?.status == .running, nodes[id]?.attempts == attempt else {
                return wrong("stops nothing", event)
            }
            nodes[id]?.status = .cancelled
            giveUpChild(of: id)
        case .iterationStarted(let id, let index, let item): startIteration(id, index, item)
        case .iterationEnded(let id, let index, let outcome): endIteration(id, index, outcome)
        case .cancelRequested:
            if !facts.isCancelWished { wrong("was wished by nobody", event) }
            isCancelled = true
        case .workflowInterrupted:
            if !nodes.values.contains(where: { $0.status == .interrupted }) { wrong("finds no node that waits", event) }
            if nodes.values.contains(where: { $0.status == .running && !$0.spec.isControl }) {
                wrong("finds nodes that run", event)
            }
        case .workflowPaused:
            if isPaused { wrong("pauses once more", event) }
            isPaused = true
        case .workflowResumed:
            if !isPaused { wrong("resumes what is not paused", event) }
            isPaused = false
        case .workflowMoved(let name):
            if backend == name.rawValue { wrong("moves nowhere", event) }
            backend = name.rawValue
        case .workflowCompleted(let output):
            end = .completed
            if output != nil { wrong("has an output that nobody wrote a template of", event) }
            if scopes[0].isFailing || isCancelled { wrong("ends a run well that was to end otherwise", event) }
            let open = scopes[0].addresses.filter { nodes[$0]?.isSettled != true }
            if !open.isEmpty { wrong("ends the run without \(open)", event) }
        case .workflowFailed(let error):
            end = .failed
            giveUpChildren()
            if !scopes[0].isFailing, !(error.code == .timeout && hasRunTimeout) { wrong("has no reason", event) }
        case .workflowCancelled:
            end = .cancelled
            giveUpChildren()
            if !isCancelled { wrong("was not asked for", event) }
        }
    }

    private mutating func begin(_ submission: Submission) {
        var writer = JSONWriter()
        submission.workflow.write(to: &writer)
        guard let workflow = try? JSONParser.parse(writer.bytes) else { return wrong("the workflow is no JSON") }
        input = submission.input
        number = input["run"]?.integer.map(Int.init) ?? 0
        backend = submission.backend.rawValue
        hasRunTimeout = workflow["timeout"] != nil
        open(workflow["nodes"]?.array ?? [], owner: nil, index: 0, item: .null)
        if let origin = submission.origin { takeOver(origin) }
    }

    /// Sets up nodes that run together.
    mutating func open(_ elements: [JSONValue], owner: NodeID?, index: Int, item: JSONValue) {
        let graph = NodeSpec.graph(elements)
        let prefix = owner.map { "\($0)[\(index)]." } ?? ""
        let addresses = graph.nodes.map { NodeID(prefix + $0.id) }
        for (address, spec) in zip(addresses, graph.nodes) {
            nodes[address] = NodeState(spec: spec, scope: scopes.count)
        }
        scopes.append(
            ScopeState(addresses: addresses, isSequence: graph.isSequence, owner: owner, index: index, item: item))
    }
}
