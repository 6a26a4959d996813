import FlowCore
import FlowJSON

/// Runs as the API shows them.
enum RunEncoding {
    /// A run with its nodes.
    static func bytes(_ context: WorkflowContext) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024 + context.nodes.count * 512)
        write(context, nodes: true, payloads: true, to: &writer)
        return writer.bytes
    }

    /// A run without its nodes.
    static func minimal(_ context: WorkflowContext) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        write(context, nodes: false, payloads: true, to: &writer)
        return writer.bytes
    }

    /// A run as lists show it: without nodes, input and output.
    static func writeSummary(_ context: WorkflowContext, to writer: inout JSONWriter) {
        write(context, nodes: false, payloads: false, to: &writer)
    }

    private static func write(_ context: WorkflowContext, nodes: Bool, payloads: Bool, to writer: inout JSONWriter) {
        let submission = context.submission
        writer.beginObject()
        writer.name("workflow_id")
        writer.string(context.id.rawValue)
        writer.name("name")
        writer.string(context.graph.workflow.name)
        writer.name("version")
        writer.optional(context.graph.workflow.version)
        writer.name("status")
        writer.string(context.status.rawValue)
        writer.name("backend")
        writer.string(submission.backend.rawValue)
        if payloads {
            writer.name("input")
            writer.value(submission.input)
            writer.name("output")
            writer.value(context.output ?? .null)
        }
        writer.name("variables")
        writer.value(.object(submission.variables))
        writer.name("error")
        writer.failure(context.error)
        writer.name("labels")
        writer.beginObject()
        for (name, value) in submission.labels.sorted(by: { $0.key < $1.key }) {
            writer.name(name)
            writer.string(value)
        }
        writer.endObject()
        writer.name("durability")
        writer.string(submission.durability.rawValue)
        writer.name("current_node_id")
        writer.optional(context.currentNodeID?.rawValue)
        writer.name("execution_path")
        writer.beginArray()
        for id in context.executionPath { writer.string(id.rawValue) }
        writer.endArray()
        writer.name("position")
        writer.integer(context.position)
        writer.name("submitted_at")
        writer.time(context.submittedAt)
        writer.name("started_at")
        writer.time(context.startedAt)
        writer.name("completed_at")
        writer.time(context.completedAt)
        writer.name("cancel_requested_at")
        writer.time(context.cancelRequestedAt)
        if nodes {
            writer.name("nodes")
            writer.beginObject()
            for (node, definition) in zip(context.nodes, context.graph.workflow.nodes) {
                writer.name(node.id.rawValue)
                NodeEncoding.write(node, definition, to: &writer)
            }
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
        if let instant { string(instant.description) } else { null() }
    }

    /// Writes an error object, or `null`.
    mutating func failure(_ failure: NodeFailure?) {
        if let failure { failure.write(to: &self) } else { null() }
    }
}
