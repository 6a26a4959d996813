import FlowCore
import FlowJSON

/// Nodes of a run as the API shows them.
enum NodeEncoding {
    /// Writes a node's state.
    static func write(_ node: NodeContext, _ definition: Node, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("node_id")
        writer.string(node.id.rawValue)
        writer.field("type")
        writer.string(definition.type)
        writer.field("status")
        writer.string(node.status.rawValue)
        writer.field("attempt")
        writer.integer(node.attempt?.number ?? 0)
        writer.field("backend")
        writer.optional(node.attempt?.backend.rawValue)
        writer.field("input_data")
        writer.value(node.inputData ?? .null)
        writer.field("output_data")
        writer.value(node.outputData ?? .null)
        writer.field("error")
        writer.failure(node.status == .completed ? nil : node.attempt?.error)
        writer.field("interrupt")
        writer.null()
        writer.field("started_at")
        writer.time(node.earlierAttempts.first?.startedAt ?? node.attempt?.startedAt)
        writer.field("completed_at")
        writer.time(node.completedAt)
        writer.field("attempts")
        writer.beginArray()
        for attempt in node.earlierAttempts { write(attempt, to: &writer) }
        if let attempt = node.attempt { write(attempt, to: &writer) }
        writer.endArray()
        writer.field("metadata")
        writer.beginObject()
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ attempt: NodeContext.Attempt, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("attempt")
        writer.integer(attempt.number)
        writer.field("status")
        writer.string(attempt.status.rawValue)
        writer.field("backend")
        writer.string(attempt.backend.rawValue)
        writer.field("error")
        writer.failure(attempt.error)
        writer.field("started_at")
        writer.time(attempt.startedAt)
        writer.field("completed_at")
        writer.time(attempt.completedAt)
        writer.endObject()
    }
}
