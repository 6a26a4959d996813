import FlowCore
import FlowJSON

/// Nodes of a run as the API shows them.
enum NodeEncoding {
    /// Writes a node's state.
    static func write(_ node: NodeContext, _ definition: Node, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("node_id")
        writer.string(node.id.rawValue)
        writer.name("type")
        writer.string(definition.type)
        writer.name("status")
        writer.string(node.status.rawValue)
        writer.name("attempt")
        writer.integer(node.attempt?.number ?? 0)
        writer.name("backend")
        writer.optional(node.attempt?.backend.rawValue)
        writer.name("input_data")
        writer.value(node.inputData ?? .null)
        writer.name("output_data")
        writer.value(node.outputData ?? .null)
        writer.name("error")
        writer.failure(node.status == .completed ? nil : node.attempt?.error)
        writer.name("interrupt")
        writer.null()
        writer.name("started_at")
        writer.time(node.earlierAttempts.first?.startedAt ?? node.attempt?.startedAt)
        writer.name("completed_at")
        writer.time(node.completedAt)
        writer.name("attempts")
        writer.beginArray()
        for attempt in node.earlierAttempts { write(attempt, to: &writer) }
        if let attempt = node.attempt { write(attempt, to: &writer) }
        writer.endArray()
        writer.name("metadata")
        writer.beginObject()
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ attempt: NodeContext.Attempt, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("attempt")
        writer.integer(attempt.number)
        writer.name("status")
        writer.string(attempt.status.rawValue)
        writer.name("backend")
        writer.string(attempt.backend.rawValue)
        writer.name("error")
        writer.failure(attempt.error)
        writer.name("started_at")
        writer.time(attempt.startedAt)
        writer.name("completed_at")
        writer.time(attempt.completedAt)
        writer.endObject()
    }
}
