import FlowCore
import FlowJSON

/// A node whose attempt is under way in a task of its own.
struct RunningNode: Sendable {
    /// What is done.
    enum Work: Sendable {
        /// A backend executes the node, whose configuration is filled in.
        case node(Node, any Backend)
        /// Another run is started and waited for.
        case run(ChildRuns.Request)
    }

    let attempt: Int
    let work: Work
    /// Who is behind the names for the whole attempt.
    let view: BackendView?
    var task: Task<Void, Never>?
    var timeout: Deadlines.Token?
    var grace: Deadlines.Token?
    var isCancelling = false
    /// What keeps secrets out of its chunks, from the first one on.
    var chunks: ChunkFilter?

    init(attempt: Int, work: Work, view: BackendView? = nil) {
        self.attempt = attempt
        self.work = work
        self.view = view
    }
}

extension RunDriver {
    /// Starts the task of an attempt whose start is on disk.
    mutating func run(_ id: NodeID) {
        guard var child = children[id], let index = planner.context.position(of: id) else { return }
        let attempt = child.attempt
        let inbox = live.inbox
        let deadline = deadline(ofNodeAt: index)
        if let deadline {
            child.timeout = engine.deadlines.schedule(at: deadline) { inbox.send(.timedOut(id, attempt: attempt)) }
        }
        // Unstructured, since a node that ignores its cancellation must not keep the run from going on without it.
        // The driver owns the task and cancels it when it leaves; the inbox drops results that nobody waits for.
        switch child.work {
        case .node(let node, let backend):
            var request = NodeRequest(
                node: node, input: planner.context.nodes[index].inputData ?? .null, attempt: attempt,
                run: information, deadline: deadline, clock: engine.clock,
                emit: { inbox.send(.chunk(id, attempt: attempt, $0)) },
                report: { inbox.send(.switched(id, attempt: attempt, $0)) })
            request.workAttempt = planner.context.nodes[index].workAttempt
            request.isLeft = { [departure] in departure.hasBegun }
            let sent = request
            let work: @Sendable () async -> Void = {
                let result: Result<NodeResult, BackendError>
                do throws(BackendError) {
                    // The attempt may have ended, by its timeout say, before its task had a turn: nothing is to happen.
                    if Task.isCancelled { throw BackendError(.cancelled, backend: backend.name, "cancelled") }
                    result = .success(try await backend.executeNode(sent))
                } catch {
                    result = .failure(await error.owned(by: backend))
                }
                inbox.send(.ended(id, attempt: attempt, result))
            }
            // What only waits does so beside the run; what computes must not keep the run's thread from others.
            child.task = BackendView.$current.withValue(child.view) { [place = executor, pool = engine.executor] in
                Task(executorPreference: backend.executesElsewhere ? place : pool) { await work() }
            }
        case .run(let request):
            child.task = Task(executorPreference: engine.executor) { [children = engine.children] in
                let result: Result<NodeResult, BackendError>
                do throws(BackendError) {
                    result = .success(try await children.run(request))
                } catch {
                    result = .failure(error)
                }
                inbox.send(.ended(id, attempt: attempt, result))
            }
        }
        children[id] = child
    }

    /// The instant at which an attempt that begins now has used up its time, or that of all attempts.
    private func deadline(ofNodeAt index: Int) -> Timestamp? {
        let node = planner.context.definition(ofNodeAt: index)
        let limit = (node.timeout ?? engine.limits.nodeTimeout).map { engine.clock.now.advanced(by: $0) }
        guard let total = planner.deadline(ofNodeAt: index) else { return limit }
        return limit.map { min($0, total) } ?? total
    }

    /// Records how an attempt ended.
    mutating func finish(_ id: NodeID, attempt: Int, _ result: Result<NodeResult, BackendError>) {
        let isCancelling = children[id]?.isCancelling ?? false
        guard emitRest(id) else { return }
        forget(id)
        conclude(id, attempt: attempt, result, isCancelling: isCancelling)
    }

    /// Ends an attempt that used up its time. Its task is told to end and nobody waits for it.
    mutating func timeOut(_ id: NodeID, attempt: Int) {
        guard let child = children[id], child.attempt == attempt, !child.isCancelling,
            let index = planner.context.position(of: id), emitRest(id)
        else { return }
        forget(id)
        defer { abandon(child) }
        let node = planner.context.definition(ofNodeAt: index)
        let message: String
        if let total = planner.deadline(ofNodeAt: index), engine.clock.now >= total {
            let limit = DurationText.text(node.rules?.totalTimeout ?? .zero)
            message = "the node's attempts together took longer than its total timeout of \(limit)"
        } else {
            let limit = DurationText.text(node.timeout ?? engine.limits.nodeTimeout ?? .zero)
            message = "the attempt took longer than its timeout of \(limit)"
        }
        fail(id, attempt: attempt, NodeFailure(.timeout, message, retriable: true))
    }

    /// Tells what carries an attempt out to end.
    private func abandon(_ child: RunningNode) {
        if case .run(let request) = child.work { return endChild(request.id) }
        child.task?.cancel()
    }

    /// Asks a running node to end, and goes on without it when it does not.
    mutating func cancel(_ id: NodeID) {
        guard emitRest(id), var child = children[id] else { return }
        let attempt = child.attempt
        guard child.task != nil else {
            // Its start waits for the journal: it has not run and never will.
            forget(id)
            return record(.nodeCancelled(id, attempt: attempt))
        }
        child.isCancelling = true
        let inbox = live.inbox
        let instant = engine.clock.now.advanced(by: engine.limits.cancelGrace)
        child.grace = engine.deadlines.schedule(at: instant) { inbox.send(.abandoned(id, attempt: attempt)) }
        children[id] = child
        abandon(child)
    }

    /// Drops an attempt from those under way.
    mutating func forget(_ id: NodeID) {
        guard let child = children.removeValue(forKey: id) else { return }
        if let timeout = child.timeout { engine.deadlines.cancel(timeout) }
        if let grace = child.grace { engine.deadlines.cancel(grace) }
    }
}
