package import FlowCore
package import FlowJSON

/// Events of a run as the API shows them.
package enum EventEncoding {
    /// The name of an event's kind.
    package static func type(of event: RunEvent) -> String {
        switch event.kind {
        case .workflowSubmitted: "workflow_submitted"
        case .workflowStarted: "workflow_started"
        case .nodeStarted: "node_started"
        case .nodeCompleted: "node_completed"
        case .nodeFailed: "node_failed"
        case .nodeCancelled: "node_cancelled"
        case .cancelRequested: "cancel_requested"
        case .workflowCompleted: "workflow_completed"
        case .workflowFailed: "workflow_failed"
        case .workflowCancelled: "workflow_cancelled"
        }
    }

    /// Writes an event.
    package static func write(_ event: RunEvent, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("position")
        writer.integer(event.position)
        writer.field("time")
        writer.time(event.time)
        writer.field("type")
        writer.string(type(of: event))
        switch event.kind {
        case .workflowSubmitted(let submission): write(submission, to: &writer)
        case .workflowStarted, .workflowCompleted: break
        case .nodeStarted(let id, let attempt, let backend, let input):
            node(id, attempt, &writer)
            writer.field("backend")
            writer.string(backend.rawValue)
            if let input {
                writer.field("input_data")
                writer.value(input)
            }
        case .nodeCompleted(let id, let attempt, let output):
            node(id, attempt, &writer)
            writer.field("output_data")
            writer.value(output)
        case .nodeFailed(let id, let attempt, let error, let isFinal):
            node(id, attempt, &writer)
            writer.field("error")
            error.write(to: &writer)
            writer.field("final")
            writer.bool(isFinal)
        case .nodeCancelled(let id, let attempt): node(id, attempt, &writer)
        case .cancelRequested(let reason), .workflowCancelled(let reason):
            writer.field("reason")
            writer.optional(reason)
        case .workflowFailed(let error):
            writer.field("error")
            error.write(to: &writer)
        }
        writer.endObject()
    }

    private static func node(_ id: NodeID, _ attempt: Int, _ writer: inout JSONWriter) {
        writer.field("node_id")
        writer.string(id.rawValue)
        writer.field("attempt")
        writer.integer(attempt)
    }

    private static func write(_ submission: Submission, to writer: inout JSONWriter) {
        writer.field("definition")
        writer.optional(submission.definition?.description)
        writer.field("workflow")
        submission.workflow.write(to: &writer)
        writer.field("input")
        writer.value(submission.input)
        writer.field("backend")
        writer.string(submission.backend.rawValue)
    }
}
