import FlowJSON

extension WorkflowContext {
    /// Takes the next event into the state.
    ///
    /// The fold is total: an event that does not fit, which a journal of ours never holds, changes position and time alone.
    public mutating func apply(_ event: RunEvent) {
        position = event.position
        lastEventAt = event.time
        switch event.kind {
        case .workflowSubmitted: break
        case .workflowStarted:
            status = .running
            startedAt = event.time
        case .nodeStarted(let id, let attempt, let backend, let input):
            guard let index = position(of: id) else { return }
            if status == .interrupted { status = .running }
            if var earlier = nodes[index].attempt {
                if earlier.status == .running {
                    // The journal ends this attempt nowhere: whoever ran it went away.
                    earlier.status = .failed
                    earlier.error = NodeFailure(.lost, "the server stopped during the attempt", retriable: true)
                    earlier.completedAt = event.time
                }
                nodes[index].earlierAttempts.append(earlier)
            }
            nodes[index].inputData = input ?? inputOfStart(ofNodeAt: index)
            nodes[index].status = .running
            nodes[index].retryAt = nil
            nodes[index].attempt = NodeContext.Attempt(
                number: attempt, backend: backend, status: .running, startedAt: event.time)
            currentNode = index
            if attempt == 1 { executionPath.append(id) }
        case .nodeCompleted(let id, _, let output, let notes):
            end(id, .completed, at: event.time) {
                $0.outputData = output
                if let notes { $0.notes = notes }
            }
        case .nodeFailed(let id, _, let error, let outcome):
            end(id, .failed, at: event.time) { $0.fail(error, outcome) }
        case .nodeSkipped(let id):
            guard let index = position(of: id) else { return }
            nodes[index].status = .skipped
            nodes[index].completedAt = event.time
        case .nodeInterrupted(let id, _, let interrupt):
            guard let index = position(of: id) else { return }
            nodes[index].status = .interrupted
            nodes[index].attempt?.status = .interrupted
            nodes[index].interrupt = interrupt
        case .nodeChunk, .backendSwitched: break
        case .backendIdentified(let name, let identity): identities[name] = identity
        case .iterationStarted(let id, let iteration, let item):
            if let owner = position(of: id) { begin(iteration, ofNodeAt: owner, item: item) }
        case .iterationEnded(let id, let iteration, let outcome):
            if let owner = position(of: id) { end(iteration, ofNodeAt: owner, outcome, at: event.time) }
        case .workflowInterrupted: status = .interrupted
        case .workflowPaused: pausedAt = event.time
        case .workflowResumed: pausedAt = nil
        case .workflowMoved(let name): movedTo = name
        case .nodeCancelled(let id, _): end(id, .cancelled, at: event.time) { _ in }
        case .cancelRequested(let reason):
            cancelRequestedAt = event.time
            cancelReason = reason
        case .workflowCompleted(let made):
            output = made ?? defaultOutput(of: 0)
            end(.completed, unstarted: .skipped, at: event.time)
        case .workflowFailed(let failure):
            error = failure
            end(.failed, unstarted: .skipped, at: event.time)
        case .workflowCancelled(let reason):
            error = NodeFailure(.cancelled, reason ?? "the run was cancelled")
            end(.cancelled, unstarted: .cancelled, at: event.time)
        }
    }

    private mutating func end(
        _ id: NodeID, _ status: NodeStatus, at time: Timestamp, _ change: (inout NodeContext) -> Void
    ) {
        guard let index = position(of: id) else { return }
        // Whatever was waited for has come.
        if self.status == .interrupted { self.status = .running }
        nodes[index].status = status
        nodes[index].attempt?.status = status
        nodes[index].attempt?.completedAt = time
        nodes[index].completedAt = time
        nodes[index].interrupt = nil
        change(&nodes[index])
    }

    private mutating func end(_ status: WorkflowStatus, unstarted: NodeStatus, at time: Timestamp) {
        self.status = status
        completedAt = time
        pausedAt = nil
        guard status != .completed else { return }
        for index in nodes.indices { close(nodeAt: index, unstarted: unstarted, at: time) }
    }

    /// Ends a node that has not ended, since what it is part of has.
    mutating func close(nodeAt index: Int, unstarted: NodeStatus, at time: Timestamp) {
        guard !nodes[index].status.isFinished else { return }
        let wasBegun = nodes[index].status == .running || nodes[index].status == .interrupted
        nodes[index].status = wasBegun ? .cancelled : unstarted
        nodes[index].completedAt = time
        nodes[index].interrupt = nil
        nodes[index].retryAt = nil
        if wasBegun {
            nodes[index].attempt?.status = .cancelled
            nodes[index].attempt?.completedAt = time
        }
    }

    /// Takes over what an earlier run had done.
    mutating func take(over origin: RunOrigin) {
        for (id, taken) in origin.taken {
            guard let index = graph.position(of: id) else { continue }
            nodes[index].status = taken.status
            nodes[index].outputData = taken.output
            nodes[index].notes = taken.notes
            nodes[index].isTolerated = taken.status == .failed
            nodes[index].completedAt = submittedAt
            // What follows may read why it failed.
            guard let failure = taken.failure else { continue }
            nodes[index].attempt = NodeContext.Attempt(
                number: failure.attempt, backend: failure.backend, status: .failed, error: failure.error,
                startedAt: submittedAt, completedAt: submittedAt)
        }
    }
}

extension NodeContext {
    fileprivate mutating func fail(_ error: NodeFailure, _ outcome: FailureOutcome) {
        attempt?.error = error
        switch outcome {
        case .failed: break
        case .tolerated: isTolerated = true
        case .replaced(let output):
            status = .completed
            outputData = output
        case .retry(let instant):
            status = .pending
            retryAt = instant
            completedAt = nil
        case .fallback:
            status = .pending
            usesFallback = true
            completedAt = nil
        }
    }
}
