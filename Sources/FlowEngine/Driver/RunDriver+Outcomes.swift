import FlowCore
import FlowJSON

extension RunDriver {
    /// Records the output of a node that the planner carries out itself.
    mutating func complete(_ id: NodeID, _ output: JSONValue, _ notes: CompletionNotes?) {
        let attempt = planner.context[id]?.attempt?.number ?? 1
        if let failure = admit(output) { return fail(id, attempt: attempt, failure) }
        record(.nodeCompleted(id, attempt: attempt, output: output, notes: notes))
    }

    /// Records the failure of a node, and its start when there was none.
    mutating func fail(_ id: NodeID, _ failure: NodeFailure) {
        guard let node = planner.context[id] else { return }
        guard node.status == .running || node.status == .interrupted else {
            let attempt = (node.attempt?.number ?? 0) + 1
            let own = planner.context.position(of: id).flatMap { planner.context.definition(ofNodeAt: $0).backend }
            record(.nodeStarted(id, attempt: attempt, backend: own ?? backend.name, input: nil))
            return fail(id, attempt: attempt, failure)
        }
        fail(id, attempt: node.attempt?.number ?? 1, failure)
    }

    /// Records the failure of an attempt and what follows from it.
    mutating func fail(_ id: NodeID, attempt: Int, _ failure: NodeFailure) {
        let error = engine.secrets?.redacted(failure) ?? failure
        var outcome = planner.outcome(of: error, for: id, now: now, random: engine.random())
        if case .replaced(let output) = outcome, let excess = admit(output) {
            outcome = .failed
            return record(.nodeFailed(id, attempt: attempt, error: excess, then: outcome))
        }
        record(.nodeFailed(id, attempt: attempt, error: error, then: outcome))
        guard error.isTransport, let index = planner.context.position(of: id) else { return }
        // The next attempt goes on with the run that this one could not follow; there is none.
        if case .retry = outcome { return }
        if let child = planner.context.child(ofNodeAt: index) { endChild(child) }
    }

    /// Records that a node waits for an answer.
    mutating func interrupt(_ id: NodeID, _ interrupt: Interrupt) {
        let attempt = planner.context[id]?.attempt?.number ?? 1
        if let failure = admit(interrupt.prompt) { return fail(id, attempt: attempt, failure) }
        record(.nodeInterrupted(id, attempt: attempt, interrupt))
    }

    /// Records a part of a result, once it is known that no secret begins in it that goes on in the next.
    mutating func emit(_ id: NodeID, attempt: Int, _ value: JSONValue) {
        guard let child = children[id], child.attempt == attempt, !child.isCancelling else { return }
        guard let secrets = engine.secrets else { return _ = keep([value], of: id, attempt: attempt) }
        if child.chunks == nil { children[id]?.chunks = ChunkFilter(secrets) }
        _ = keep(children[id]?.chunks?.take(value) ?? [], of: id, attempt: attempt)
    }

    /// Records what was held back of an attempt that ends.
    ///
    /// - Returns: false when that was too much, by which the attempt has failed.
    mutating func emitRest(_ id: NodeID) -> Bool {
        guard let chunks = children[id]?.chunks?.rest(), let attempt = children[id]?.attempt else { return true }
        return keep(chunks, of: id, attempt: attempt)
    }

    private mutating func keep(_ chunks: [JSONValue], of id: NodeID, attempt: Int) -> Bool {
        for chunk in chunks {
            guard let failure = admit(chunk) else {
                record(.nodeChunk(id, attempt: attempt, chunk))
                continue
            }
            children[id]?.task?.cancel()
            forget(id)
            fail(id, attempt: attempt, failure)
            return false
        }
        return true
    }

    /// Records the end of an attempt that is under way no more.
    mutating func conclude(
        _ id: NodeID, attempt: Int, _ result: Result<NodeResult, BackendError>, isCancelling: Bool
    ) {
        switch result {
        case .success(.success(let made, let said)):
            let output = engine.secrets?.redacted(made) ?? made
            let notes = said.map { engine.secrets?.redacted($0) ?? $0 }
            if let next = notes?.next, let reason = planner.refusal(ofNext: next, after: id) {
                fail(id, attempt: attempt, NodeFailure(.invalid, "the node's next node cannot follow: \(reason)"))
            } else if let failure = admit(output) ?? notes.flatMap({ admit(.object($0.metadata)) }) {
                fail(id, attempt: attempt, failure)
            } else {
                record(.nodeCompleted(id, attempt: attempt, output: output, notes: notes))
            }
        case _ where isCancelling: record(.nodeCancelled(id, attempt: attempt))
        case .success(.failure(let failure)): fail(id, attempt: attempt, failure)
        case .success(.interrupted(let prompt)):
            let shown = engine.secrets?.redacted(prompt) ?? prompt
            let deadline = planner.context.position(of: id).flatMap { planner.deadline(ofNodeAt: $0) }
            interrupt(id, Interrupt(prompt: shown, deadline: deadline))
        case .failure(let error): fail(id, attempt: attempt, .transport(error))
        }
    }

    /// Begins an iteration. The items of a list may all be one value, so each is counted as it is written.
    mutating func startIteration(_ id: NodeID, _ index: Int, _ item: JSONValue) {
        if let owner = planner.context.position(of: id),
            planner.context.definition(ofNodeAt: owner).type == ControlType.forEach.rawValue,
            let failure = admit(item, "item")
        {
            return planner.stopIterations(ofNodeAt: owner, failure)
        }
        record(.iterationStarted(id, index: index, item: item))
    }

    /// Counts an output, or what else is written, unless it is larger than outputs may be.
    mutating func admit(_ output: JSONValue, _ what: String = "output") -> NodeFailure? {
        let (bytes, excess) = JSONMeasure.size(
            of: output, maxBytes: engine.limits.payloadBytes, maxDepth: engine.limits.payloadDepth)
        if let excess { return Self.failure(excess, what, engine.limits) }
        guard outputBytes + bytes <= engine.limits.runBytes else {
            return NodeFailure(
                .tooLarge, "the outputs of the run are larger than the limit of \(engine.limits.runBytes) bytes")
        }
        outputBytes += bytes
        return nil
    }

    /// The outcome of an iteration, with its output counted.
    mutating func admit(_ outcome: IterationOutcome) -> IterationOutcome {
        guard case .completed(let output) = outcome, let failure = admit(output) else { return outcome }
        return .failed(failure)
    }

    static func failure(_ excess: JSONMeasure.Excess, _ what: String, _ limits: EngineLimits) -> NodeFailure {
        switch excess {
        case .size: NodeFailure(.tooLarge, "the \(what) is larger than the limit of \(limits.payloadBytes) bytes")
        case .depth: NodeFailure(.tooLarge, "the \(what) nests deeper than the limit of \(limits.payloadDepth) levels")
        }
    }
}
