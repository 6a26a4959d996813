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
        case .backendIdentified: "backend_identified"
        case .backendSwitched: "backend_switched"
        case .nodeCompleted: "node_completed"
        case .nodeFailed: "node_failed"
        case .nodeCancelled: "node_cancelled"
        case .nodeSkipped: "node_skipped"
        case .nodeInterrupted: "node_interrupted"
        case .nodeChunk: "chunk"
        case .iterationStarted: "iteration_started"
        case .iterationEnded: "iteration_ended"
        case .workflowInterrupted: "workflow_interrupted"
        case .workflowPaused: "workflow_paused"
        case .workflowResumed: "workflow_resumed"
        case .workflowMoved: "workflow_moved"
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
        case .workflowStarted, .workflowInterrupted, .workflowPaused, .workflowResumed: break
        case .workflowMoved(let backend):
            writer.field("backend")
            writer.string(backend.rawValue)
        case .workflowCompleted(let output):
            if let output {
                writer.field("output")
                writer.value(output)
            }
        case .nodeStarted(let id, let attempt, let backend, let input):
            node(id, attempt, &writer)
            writer.field("backend")
            writer.string(backend.rawValue)
            if let input {
                writer.field("input_data")
                writer.value(input)
            }
        case .backendIdentified(let name, let identity):
            writer.field("backend")
            writer.string(name.rawValue)
            writer.field("identity")
            writer.value(identity.json)
        case .backendSwitched(let id, let attempt, let change):
            node(id, attempt, &writer)
            writer.field("from_backend")
            writer.string(change.from.rawValue)
            writer.field("backend")
            writer.string(change.to.rawValue)
            writer.field("code")
            writer.string(change.code.rawValue)
            writer.field("reason")
            writer.string(change.reason)
        case .nodeCompleted(let id, let attempt, let output, let notes):
            node(id, attempt, &writer)
            writer.field("output_data")
            writer.value(output)
            if let notes { write(notes, to: &writer) }
        case .nodeFailed(let id, let attempt, let error, let outcome):
            node(id, attempt, &writer)
            writer.field("error")
            error.write(to: &writer)
            write(outcome, to: &writer)
        case .nodeCancelled(let id, let attempt): node(id, attempt, &writer)
        case .nodeSkipped(let id):
            writer.field("node_id")
            writer.string(id.rawValue)
        case .nodeInterrupted(let id, let attempt, let interrupt):
            node(id, attempt, &writer)
            writer.field("interrupt")
            NodeEncoding.write(interrupt, to: &writer)
        case .nodeChunk(let id, let attempt, let value):
            node(id, attempt, &writer)
            writer.field("chunk")
            writer.value(value)
        case .iterationStarted(let id, let index, let item):
            iteration(id, index, &writer)
            writer.field("item")
            writer.value(item)
        case .iterationEnded(let id, let index, let outcome):
            iteration(id, index, &writer)
            switch outcome {
            case .completed(let output):
                writer.field("output_data")
                writer.value(output)
            case .failed(let failure):
                writer.field("error")
                failure.write(to: &writer)
            }
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

    private static func iteration(_ id: NodeID, _ index: Int, _ writer: inout JSONWriter) {
        writer.field("node_id")
        writer.string(id.rawValue)
        writer.field("index")
        writer.integer(index)
    }

    private static func write(_ notes: CompletionNotes, to writer: inout JSONWriter) {
        if let next = notes.next {
            writer.field("next_node_id")
            writer.string(next.rawValue)
        }
        guard !notes.metadata.isEmpty else { return }
        writer.field("metadata")
        writer.value(.object(notes.metadata))
    }

    /// Writes whether the failure is the last word, and what follows from it.
    private static func write(_ outcome: FailureOutcome, to writer: inout JSONWriter) {
        writer.field("final")
        writer.bool(outcome.isFinal)
        writer.field("outcome")
        switch outcome {
        case .failed: writer.string("failed")
        case .fallback: writer.string("fallback")
        case .tolerated: writer.string("tolerated")
        case .replaced(let output):
            writer.string("replaced")
            writer.field("output_data")
            writer.value(output)
        case .retry(let instant):
            writer.string("retry")
            writer.field("retry_at")
            writer.time(instant)
        }
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
        writer.field("on_completion")
        HookEncoding.write(submission.onCompletion, to: &writer)
    }
}
