import FlowCore
import FlowJSON

/// A node whose attempt is under way in a task of its own.
struct RunningNode: Sendable {
    let attempt: Int
    let backend: any Backend
    var task: Task<Void, Never>?
    var timeout: Deadlines.Token?
    var grace: Deadlines.Token?
    var isCancelling = false

    init(attempt: Int, backend: any Backend) {
        self.attempt = attempt
        self.backend = backend
    }
}

extension RunDriver {
    /// Starts the task of an attempt whose start is on disk.
    mutating func run(_ id: NodeID) {
        guard var child = children[id], let index = planner.context.graph.positions[id] else { return }
        let node = planner.context.graph.workflow.nodes[index]
        let attempt = child.attempt
        let inbox = live.inbox
        let deadline = (node.timeout ?? engine.limits.nodeTimeout).map { engine.clock.now.advanced(by: $0) }
        let request = NodeRequest(
            node: node, input: planner.context.nodes[index].inputData ?? .null, attempt: attempt, run: information,
            deadline: deadline, clock: engine.clock)
        let backend = child.backend
        if let deadline {
            child.timeout = engine.deadlines.schedule(at: deadline) { inbox.send(.timedOut(id, attempt: attempt)) }
        }
        // Unstructured, since a node that ignores its cancellation must not keep the run from going on without it.
        // The driver owns the task and cancels it when it leaves; the inbox drops results that nobody waits for.
        child.task = Task {
            let result: Result<NodeResult, BackendError>
            do throws(BackendError) {
                result = .success(try await backend.executeNode(request))
            } catch {
                result = .failure(error)
            }
            inbox.send(.ended(id, attempt: attempt, result))
        }
        children[id] = child
    }

    /// Records how an attempt ended.
    mutating func finish(_ id: NodeID, attempt: Int, _ result: Result<NodeResult, BackendError>) {
        let isCancelling = children[id]?.isCancelling ?? false
        forget(id)
        conclude(id, attempt: attempt, result, isCancelling: isCancelling)
    }

    /// Records the end of an attempt that is under way no more.
    mutating func conclude(
        _ id: NodeID, attempt: Int, _ result: Result<NodeResult, BackendError>, isCancelling: Bool
    ) {
        switch result {
        case .success(.success(let output)):
            if let failure = admit(output) {
                record(.nodeFailed(id, attempt: attempt, error: failure, isFinal: true))
            } else {
                record(.nodeCompleted(id, attempt: attempt, output: output))
            }
        case .success(.failure(let failure)):
            if isCancelling {
                record(.nodeCancelled(id, attempt: attempt))
            } else {
                record(.nodeFailed(id, attempt: attempt, error: failure, isFinal: true))
            }
        case .failure(let error):
            if isCancelling {
                record(.nodeCancelled(id, attempt: attempt))
            } else {
                let code: NodeFailure.Code = error.code == .cancelled ? .cancelled : .unavailable
                let failure = NodeFailure(code, error.description, retriable: error.code != .unsupported)
                record(.nodeFailed(id, attempt: attempt, error: failure, isFinal: true))
            }
        }
    }

    /// Counts an output, unless it is larger than outputs may be.
    private mutating func admit(_ output: JSONValue) -> NodeFailure? {
        let limits = engine.limits
        let (bytes, excess) = JSONMeasure.size(
            of: output, maxBytes: limits.payloadBytes, maxDepth: limits.payloadDepth)
        if let excess { return Self.failure(excess, "output", limits) }
        guard outputBytes + bytes <= limits.runBytes else {
            return NodeFailure(
                .tooLarge, "the outputs of the run are larger than the limit of \(limits.runBytes) bytes")
        }
        outputBytes += bytes
        return nil
    }

    /// Why a node cannot have the input that the graph gives it. One predecessor's output has been measured before.
    func refusal(ofInputAt index: Int) -> NodeFailure? {
        guard let input = planner.context.nodes[index].inputData, planner.context.graph.isJoin(index) else {
            return nil
        }
        let limits = engine.limits
        let (_, excess) = JSONMeasure.size(of: input, maxBytes: limits.payloadBytes, maxDepth: limits.payloadDepth)
        return excess.map { Self.failure($0, "input", limits) }
    }

    private static func failure(_ excess: JSONMeasure.Excess, _ what: String, _ limits: EngineLimits) -> NodeFailure {
        switch excess {
        case .size: NodeFailure(.tooLarge, "the \(what) is larger than the limit of \(limits.payloadBytes) bytes")
        case .depth: NodeFailure(.tooLarge, "the \(what) nests deeper than the limit of \(limits.payloadDepth) levels")
        }
    }

    /// Ends an attempt that used up its time. Its task is told to end and nobody waits for it.
    mutating func timeOut(_ id: NodeID, attempt: Int) {
        guard let child = children[id], child.attempt == attempt, !child.isCancelling,
            let index = planner.context.graph.positions[id]
        else { return }
        child.task?.cancel()
        forget(id)
        let limit = planner.context.graph.workflow.nodes[index].timeout ?? engine.limits.nodeTimeout ?? .zero
        let failure = NodeFailure(
            .timeout, "the attempt took longer than its timeout of \(DurationText.text(limit))", retriable: true)
        record(.nodeFailed(id, attempt: attempt, error: failure, isFinal: true))
    }

    /// Asks a running node to end, and goes on without it when it does not.
    mutating func cancel(_ id: NodeID) {
        guard var child = children[id] else { return }
        let attempt = child.attempt
        guard let task = child.task else {
            // Its start waits for the journal: it has not run and never will.
            forget(id)
            return record(.nodeCancelled(id, attempt: attempt))
        }
        child.isCancelling = true
        let inbox = live.inbox
        let instant = engine.clock.now.advanced(by: engine.limits.cancelGrace)
        child.grace = engine.deadlines.schedule(at: instant) { inbox.send(.abandoned(id, attempt: attempt)) }
        children[id] = child
        task.cancel()
    }

    /// Drops an attempt from those under way.
    mutating func forget(_ id: NodeID) {
        guard let child = children.removeValue(forKey: id) else { return }
        if let timeout = child.timeout { engine.deadlines.cancel(timeout) }
        if let grace = child.grace { engine.deadlines.cancel(grace) }
    }
}
