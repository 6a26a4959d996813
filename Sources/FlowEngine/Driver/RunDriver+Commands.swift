import FlowCore
import FlowJSON

extension RunDriver {
    /// Does what somebody asks, when the run's state allows it. Of two that exclude each other the first one wins.
    mutating func obey(_ command: RunCommand) -> RunReply.Answer {
        let context = planner.context
        guard !context.status.isFinished else {
            return .refused(.conflict("the run is \(context.status.rawValue)"))
        }
        if case .cancel(let reason) = command {
            if context.cancelRequestedAt == nil { record(.cancelRequested(reason: reason)) }
            return .done(position: planner.context.position)
        }
        guard context.cancelRequestedAt == nil, !planner.isEnding else {
            return .refused(.conflict("the run is coming to its end"))
        }
        switch command {
        case .cancel: break
        case .pause:
            guard context.pausedAt == nil else { return .refused(.conflict("the run is paused already")) }
            record(.workflowPaused)
        case .resume:
            guard context.pausedAt != nil else { return .refused(.conflict("the run is not paused")) }
            record(.workflowResumed)
        case .move(let name):
            guard context.backend != name else {
                return .refused(.conflict("the run is on the backend \"\(name)\" already"))
            }
            record(.workflowMoved(name))
        case .answer(let id, let answer): return self.answer(id, answer)
        }
        return .done(position: planner.context.position)
    }

    /// Gives an interrupted node its result.
    private mutating func answer(_ id: NodeID, _ answer: Result<JSONValue, NodeFailure>) -> RunReply.Answer {
        guard let node = planner.context[id] else {
            return .refused(.notFound("The run \"\(planner.context.id)\" has no node \"\(id)\"."))
        }
        guard node.status == .interrupted, let attempt = node.attempt?.number else {
            return .refused(.conflict("the node is \(node.status.rawValue) and waits for no answer"))
        }
        switch answer {
        case .success(let output):
            if let failure = admit(output) {
                return .refused(.invalid([ValidationIssue(["output"], failure.message)]))
            }
            record(.nodeCompleted(id, attempt: attempt, output: output, notes: nil))
        case .failure(let failure): fail(id, attempt: attempt, failure)
        }
        return .done(position: planner.context.position)
    }
}
