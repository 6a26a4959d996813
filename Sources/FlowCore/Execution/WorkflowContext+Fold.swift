public import FlowJSON

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
            guard let index = graph.positions[id] else { return }
            if var earlier = nodes[index].attempt {
                if earlier.status == .running {
                    // The journal ends this attempt nowhere: whoever ran it went away.
                    earlier.status = .failed
                    earlier.error = NodeFailure(.lost, "the server stopped during the attempt", retriable: true)
                    earlier.completedAt = event.time
                }
                nodes[index].earlierAttempts.append(earlier)
            }
            nodes[index].inputData = input ?? defaultInput(ofNodeAt: index)
            nodes[index].status = .running
            nodes[index].attempt = NodeContext.Attempt(
                number: attempt, backend: backend, status: .running, startedAt: event.time)
            currentNodeID = id
            if attempt == 1 { executionPath.append(id) }
        case .nodeCompleted(let id, _, let output):
            end(id, .completed, at: event.time) { $0.outputData = output }
        case .nodeFailed(let id, _, let error, let isFinal):
            end(id, .failed, at: event.time) {
                $0.attempt?.error = error
                if !isFinal {
                    $0.status = .pending
                    $0.completedAt = nil
                }
            }
        case .nodeCancelled(let id, _): end(id, .cancelled, at: event.time) { _ in }
        case .cancelRequested(let reason):
            cancelRequestedAt = event.time
            cancelReason = reason
        case .workflowCompleted:
            output = defaultOutput()
            end(.completed, unstarted: .skipped, at: event.time)
        case .workflowFailed(let failure):
            error = failure
            end(.failed, unstarted: .skipped, at: event.time)
        case .workflowCancelled(let reason):
            error = NodeFailure(.cancelled, reason ?? "the run was cancelled")
            end(.cancelled, unstarted: .cancelled, at: event.time)
        }
    }

    /// The input that the graph gives a node: the run's for a root, the one predecessor's output, or the outputs of
    /// several by their ids.
    public func defaultInput(ofNodeAt index: Int) -> JSONValue {
        let predecessors = graph.predecessors
        switch predecessors.count(of: index) {
        case 0: return submission.input
        case 1: return nodes[predecessors.first(of: index)].outputData ?? .null
        default: return outputs(of: predecessors[index])
        }
    }

    /// The output of the one node that nothing waits for, or the outputs of several by their ids.
    private func defaultOutput() -> JSONValue {
        graph.sinks.count == 1 ? nodes[graph.sinks[0]].outputData ?? .null : outputs(of: graph.sinks[...])
    }

    private func outputs(of indices: ArraySlice<Int>) -> JSONValue {
        var outputs = JSONObject()
        for index in indices { outputs[nodes[index].id.rawValue] = nodes[index].outputData ?? .null }
        return .object(outputs)
    }

    private mutating func end(
        _ id: NodeID, _ status: NodeStatus, at time: Timestamp, _ change: (inout NodeContext) -> Void
    ) {
        guard let index = graph.positions[id] else { return }
        nodes[index].status = status
        nodes[index].attempt?.status = status
        nodes[index].attempt?.completedAt = time
        nodes[index].completedAt = time
        change(&nodes[index])
    }

    private mutating func end(_ status: WorkflowStatus, unstarted: NodeStatus, at time: Timestamp) {
        self.status = status
        completedAt = time
        guard status != .completed else { return }
        for index in nodes.indices where !nodes[index].status.isFinished {
            let wasRunning = nodes[index].status == .running
            nodes[index].status = wasRunning ? .cancelled : unstarted
            nodes[index].completedAt = time
            if wasRunning {
                nodes[index].attempt?.status = .cancelled
                nodes[index].attempt?.completedAt = time
            }
        }
    }
}
