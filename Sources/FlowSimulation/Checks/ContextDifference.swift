import FlowCore

/// Finds where two states of one run differ.
enum ContextDifference {
    static func first(_ left: WorkflowContext, _ right: WorkflowContext) -> String? {
        func compare<Value: Equatable>(_ what: String, _ pick: (WorkflowContext) -> Value) -> String? {
            let (a, b) = (pick(left), pick(right))
            return a == b ? nil : "\(what): \(a) and \(b)"
        }
        let differences = [
            compare("position", \.position), compare("status", \.status), compare("execution_path", \.executionPath),
            compare("current_node_id", \.currentNodeID), compare("output", \.output), compare("error", \.error),
            compare("cancel_requested_at", \.cancelRequestedAt), compare("started_at", \.startedAt),
            compare("completed_at", \.completedAt), compare("last_event_at", \.lastEventAt),
            compare("paused_at", \.pausedAt), compare("backend", \.backend),
        ]
        if let found = differences.lazy.compactMap(\.self).first { return found }
        if left.nodes.count != right.nodes.count { return "\(left.nodes.count) and \(right.nodes.count) nodes" }
        for (a, b) in zip(left.nodes, right.nodes) where a != b { return "node \(a.id): \(a) and \(b)" }
        return nil
    }

    /// The state that the first so many events of a run give.
    static func fold(_ id: WorkflowID, _ events: some Sequence<RunEvent>) -> WorkflowContext? {
        var context: WorkflowContext?
        for event in events {
            if context == nil { context = WorkflowContext(id: id, first: event) } else { context?.apply(event) }
        }
        return context
    }
}
