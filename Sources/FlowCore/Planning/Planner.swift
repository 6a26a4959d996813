import FlowExpressions
import FlowJSON
import HeapModule

/// Decides what happens next in a run, from its workflow and its journal alone.
///
/// The planner is a value: it knows no clock, does no I/O and holds no randomness, so it decides the same on every
/// backend, in a test and after a crash. Whoever drives it journals what it did about a decision and hands the event
/// back; each step costs the same however large the workflow is.
public struct Planner: Sendable {
    /// The run as far as the planner has been told.
    public internal(set) var context: WorkflowContext

    let limits: PlannerLimits
    let maxParallel: Int
    /// The backend that the run is on as long as this planner plans it.
    private let backend: BackendName
    /// What is known of each node, and of each scope by its number.
    var nodes: [NodeState] = []
    var scopes: [ScopeState] = []
    /// How far the nodes are whose bodies run.
    var bodies: [Int: BodyState] = [:]
    /// Nodes whose predecessors have ended, in the order in which they became ready; `head` is the first unstarted.
    var ready: [Int] = []
    var head = 0
    /// Nodes that the planner carries out itself and has to look at, the next one last.
    var agenda: [Int] = []
    /// Scopes in which nothing runs any more and that have to be ended.
    var ended: [Int] = []
    var alarms = Heap<Alarm>()
    var toCancel: [Int] = []
    /// Nodes that are not tried again: the server stopped during too many attempts at them.
    var hopeless: [Int] = []
    /// How many nodes wait for an answer, and how many for their next attempt.
    var interrupted = 0
    var waiting = 0
    var ending: Ending?
    var isMoving = false

    enum Ending: Sendable {
        case failure(NodeFailure)
        case cancellation(reason: String?)
    }

    /// Takes over a run where its journal left off.
    ///
    /// Nodes that the journal shows as running are started again as their next attempt: whoever ran them is gone.
    public init(_ context: WorkflowContext, limits: PlannerLimits) {
        self.context = context
        self.limits = limits
        // Its own from here on, so that what is only held here is changed in place.
        backend = self.context.backend
        maxParallel = max(1, min(limits.parallelNodes, self.context.graph.workflow.maxParallel ?? .max))
        if self.context.position == 1, self.context.submission.origin == nil { begin() } else { restore() }
    }

    /// Takes in an event that was journaled.
    public mutating func apply(_ event: RunEvent) {
        context.apply(event)
        switch event.kind {
        case .nodeStarted(let id, _, _, _): if let index = context.position(of: id) { started(index) }
        case .nodeCompleted(let id, _, _, let notes):
            guard let index = leave(id) else { return }
            bar(from: index, notes: notes)
            settle(index)
        case .nodeFailed(let id, _, let error, let outcome):
            guard let index = leave(id) else { return }
            failed(index, error, outcome)
        case .nodeSkipped(let id): if let index = context.position(of: id) { settle(index) }
        case .nodeCancelled(let id, _): _ = leave(id)
        case .nodeInterrupted(let id, _, let interrupt):
            guard let index = leave(id) else { return }
            wait(for: interrupt, at: index)
        case .iterationStarted(let id, _, _): if let owner = context.position(of: id) { iterationStarted(owner) }
        case .iterationEnded(let id, let iteration, let outcome):
            if let owner = context.position(of: id) { iterationEnded(iteration, owner, outcome) }
        case .cancelRequested(let reason): end(.cancellation(reason: reason))
        case .workflowMoved(let name): isMoving = name != backend
        default: break
        }
    }

    /// What shall happen next, as of `now`. The answer stands until its event has been applied.
    public mutating func next(now: Timestamp) -> Decision {
        if context.status.isFinished { return .stop }
        if context.status == .pending, ending == nil { return .startWorkflow }
        let deadline = self.deadline
        if ending == nil, let deadline, now >= deadline {
            let limit = DurationText.text(context.graph.workflow.timeout ?? .zero)
            end(.failure(NodeFailure(.timeout, "the run took longer than its timeout of \(limit)", retriable: true)))
        }
        if let decision = nextToCancel() { return decision }
        if let ending {
            if scopes[0].running > 0 { return .wait(until: nil) }
            switch ending {
            case .failure(let failure): return .failWorkflow(failure)
            case .cancellation(let reason): return .cancelWorkflow(reason: reason)
            }
        }
        if let index = hopeless.popLast() {
            let message = "the server stopped during \(limits.lostAttempts) attempts at the node"
            return .failNode(context.nodes[index].id, NodeFailure(.lost, message))
        }
        if isMoving { return scopes[0].running == 0 ? .handOver : .wait(until: deadline) }
        // A body whose time is up, or that has no room for more, has nodes stopped.
        if let decision = nextOfBodies() ?? nextDue(now) ?? nextToCancel() { return decision }
        if context.pausedAt == nil, let decision = nextReady(now) { return decision }
        if scopes[0].unfinished == 0 { return completion() }
        if isStuck, context.status == .running { return .interruptWorkflow }
        guard let alarm = alarms.min?.instant else { return .wait(until: deadline) }
        return .wait(until: deadline.map { min($0, alarm) } ?? alarm)
    }

    private mutating func nextToCancel() -> Decision? {
        while let index = toCancel.popLast() {
            if nodes[index].isRunning { return .cancelNode(context.nodes[index].id) }
        }
        return nil
    }

    /// Whether the run comes to an end before its nodes have.
    public var isEnding: Bool { ending != nil }

    /// Whether nothing can go on before an answer comes.
    private var isStuck: Bool {
        interrupted > 0 && scopes[0].running == 0 && waiting == 0 && head == ready.count
    }

    /// The instant at which the run's own timeout strikes.
    private var deadline: Timestamp? {
        guard let timeout = context.graph.workflow.timeout else { return nil }
        return (context.startedAt ?? context.submittedAt).advanced(by: timeout)
    }

    /// The end of a run whose nodes have all ended.
    private func completion() -> Decision {
        guard let output = context.graph.workflow.output else { return .completeWorkflow(output: nil) }
        do {
            return .completeWorkflow(output: try output.template.render(RunVariables(context, scope: 0)))
        } catch {
            return .failWorkflow(.expression(error, at: ["output"]))
        }
    }

    /// The first cause of an end wins; what runs then is stopped.
    mutating func end(_ cause: Ending) {
        guard ending == nil else { return }
        ending = cause
        toCancel = nodes.indices.reversed().filter { nodes[$0].isRunning && nodes[$0].isTask }
    }
}
