import FlowCore
import FlowJSON

/// Runs as the API shows them.
enum RunEncoding {
    /// A run with its nodes.
    static func bytes(_ context: WorkflowContext) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + context.nodes.count * 512)
        write(context, nodes: true, to: &writer)
        return writer.bytes
    }

    /// A run without its nodes.
    static func minimal(_ context: WorkflowContext) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        write(context, nodes: false, to: &writer)
        return writer.bytes
    }

    /// A run as lists show it: without nodes, input and output.
    static func writeSummary(_ context: WorkflowContext, to writer: inout JSONWriter) {
        write(context, nodes: false, input: false, output: false, to: &writer)
    }

    /// A run as whoever wanted to know of its end is told it: a summary with the output.
    static func writeEnd(_ context: WorkflowContext, to writer: inout JSONWriter) {
        write(context, nodes: false, input: false, hook: false, to: &writer)
    }

    private static func write(
        _ context: WorkflowContext, nodes: Bool, input: Bool = true, output: Bool = true, hook: Bool = true,
        to writer: inout JSONWriter
    ) {
        let submission = context.submission
        writer.beginObject()
        writer.field("workflow_id")
        writer.string(context.id.rawValue)
        writer.field("name")
        writer.string(context.graph.workflow.name)
        writer.field("version")
        writer.optional(context.graph.workflow.version)
        writer.field("definition")
        writer.optional(submission.definition?.description)
        writer.field("status")
        writer.string(context.status.rawValue)
        writer.field("backend")
        writer.string(context.backend.rawValue)
        if input, let choice = submission.backendChoice {
            writer.field("backend_choice")
            writer.value(.object(choice))
        }
        if input {
            writer.field("input")
            writer.value(submission.input)
        }
        if output {
            writer.field("output")
            writer.value(context.output ?? .null)
        }
        writer.field("variables")
        writer.value(.object(submission.variables))
        writer.field("error")
        writer.failure(context.error)
        writer.field("labels")
        writer.beginObject()
        for (name, value) in submission.labels.sorted(by: { $0.key < $1.key }) {
            writer.name(name)
            writer.string(value)
        }
        writer.endObject()
        writer.field("durability")
        writer.string(submission.durability.rawValue)
        if hook {
            writer.field("on_completion")
            HookEncoding.write(submission.onCompletion, to: &writer)
        }
        writer.field("current_node_id")
        writer.optional(context.currentNodeID?.rawValue)
        writer.field("execution_path")
        writer.beginArray()
        for id in context.executionPath { writer.string(id.rawValue) }
        writer.endArray()
        writer.field("position")
        writer.integer(context.position)
        writer.field("submitted_at")
        writer.time(context.submittedAt)
        writer.field("started_at")
        writer.time(context.startedAt)
        writer.field("completed_at")
        writer.time(context.completedAt)
        writer.field("cancel_requested_at")
        writer.time(context.cancelRequestedAt)
        writer.field("paused_at")
        writer.time(context.pausedAt)
        if let parent = submission.parent {
            writer.field("parent")
            writer.beginObject()
            writer.field("workflow_id")
            writer.string(parent.id.rawValue)
            writer.field("node_id")
            writer.string(parent.node.rawValue)
            writer.endObject()
        }
        if let origin = submission.origin {
            writer.field("rerun_of")
            writer.beginObject()
            writer.field("workflow_id")
            writer.string(origin.id.rawValue)
            writer.field("from")
            writer.optional(origin.from?.rawValue)
            writer.endObject()
        }
        if nodes {
            writer.field("nodes")
            writer.beginObject()
            NodeEncoding.writeAll(context, to: &writer) { $1.name($0.rawValue) }
            writer.endObject()
        }
        writer.endObject()
    }
}

extension JSONWriter {
    /// Writes a text, or `null`.
    mutating func optional(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    /// Writes an instant, or `null`.
    mutating func time(_ instant: Timestamp?) {
        if let instant { plainString { instant.append(to: &$0) } } else { null() }
    }

    /// Writes an error object, or `null`.
    mutating func failure(_ failure: NodeFailure?) {
        if let failure { failure.write(to: &self) } else { null() }
    }
}
