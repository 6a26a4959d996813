import FlowJSON

/// Decides what happens next in a run, from its workflow and its journal alone.
///
/// The planner is a value: it knows no clock, does no I/O and holds no randomness, so it decides the same on every
/// backend, in a test and after a crash. Whoever drives it journals what it did about a decision and hands the event
/// back; each step costs the same however large the workflow is.
public struct Planner: Sendable {
    /// The run as far as the planner has been told.
    public private(set) var context: WorkflowContext

    private let maxParallel: Int
    /// Per node how many predecessors have not completed.
    private var missing: [Int]
    /// Nodes whose predecessors have completed, in the order in which they became ready; `head` is the first unstarted.
    private var ready: [Int] = []
    private var head = 0
    /// Per node whether an attempt is under way, and how many are.
    private var isRunning: [Bool]
    private var running = 0
    private var toCancel: [Int] = []
    private var ending: Ending?

    private enum Ending: Sendable {
        case failure(NodeFailure)
        case cancellation(reason: String?)
    }

    /// Takes over a run where its journal left off.
    ///
    /// Nodes that the journal shows as running are started again as their next attempt: whoever ran them is gone.
    public init(_ context: WorkflowContext, maxParallel: Int) {
        self.context = context
        self.maxParallel = max(1, min(maxParallel, context.graph.workflow.maxParallel ?? .max))
        let predecessors = context.graph.predecessors
        missing = context.nodes.indices.map { predecessors.count(of: $0) }
        isRunning = [Bool](repeating: false, count: context.nodes.count)
        ready.reserveCapacity(context.nodes.count)
        if context.cancelRequestedAt != nil { ending = .cancellation(reason: context.cancelReason) }
        for (index, node) in context.nodes.enumerated() {
            switch node.status {
            case .completed: release(from: index)
            case .failed:
                if ending == nil { ending = .failure(Self.failure(of: node)) }
            default: break
            }
        }
        ready = context.nodes.indices.filter { missing[$0] == 0 && !context.nodes[$0].status.isFinished }
    }

    /// Takes in an event that was journaled.
    public mutating func apply(_ event: RunEvent) {
        context.apply(event)
        switch event.kind {
        case .nodeStarted(let id, _, _, _):
            guard let index = context.graph.positions[id], !isRunning[index] else { return }
            isRunning[index] = true
            running += 1
        case .nodeCompleted(let id, _, _):
            guard let index = leave(id) else { return }
            release(from: index)
        case .nodeCancelled(let id, _): _ = leave(id)
        case .nodeFailed(let id, _, _, let isFinal):
            guard let index = leave(id) else { return }
            if isFinal { end(.failure(Self.failure(of: context.nodes[index]))) } else { ready.append(index) }
        case .cancelRequested(let reason): end(.cancellation(reason: reason))
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
        if let ending {
            while let index = toCancel.popLast() {
                if isRunning[index] { return .cancelNode(context.nodes[index].id) }
            }
            if running > 0 { return .wait(until: nil) }
            switch ending {
            case .failure(let failure): return .failWorkflow(failure)
            case .cancellation(let reason): return .cancelWorkflow(reason: reason)
            }
        }
        if head < ready.count, running < maxParallel {
            let index = ready[head]
            head += 1
            return .startNode(context.nodes[index].id, attempt: (context.nodes[index].attempt?.number ?? 0) + 1)
        }
        return running == 0 ? .completeWorkflow : .wait(until: deadline)
    }

    /// The instant at which the run's own timeout strikes.
    private var deadline: Timestamp? {
        guard let timeout = context.graph.workflow.timeout else { return nil }
        return (context.startedAt ?? context.submittedAt).advanced(by: timeout)
    }

    /// The first cause of an end wins; what runs then is stopped.
    private mutating func end(_ cause: Ending) {
        guard ending == nil else { return }
        ending = cause
        toCancel = isRunning.indices.reversed().filter { isRunning[$0] }
    }

    private mutating func leave(_ id: NodeID) -> Int? {
        guard let index = context.graph.positions[id], isRunning[index] else { return nil }
        isRunning[index] = false
        running -= 1
        return index
    }

    private mutating func release(from index: Int) {
        for successor in context.graph.successors[index] {
            missing[successor] -= 1
            if missing[successor] == 0 { ready.append(successor) }
        }
    }

    /// The run's failure when a node's attempts are used up.
    private static func failure(of node: NodeContext) -> NodeFailure {
        let cause = node.attempt?.error ?? NodeFailure(.failed, "the node failed")
        return NodeFailure(
            cause.code, "node \"\(node.id)\" failed: \(cause.message)", retriable: cause.retriable,
            details: ["node_id": .string(node.id.rawValue)])
    }
}
