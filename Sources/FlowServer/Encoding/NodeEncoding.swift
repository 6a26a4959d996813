import FlowCore
import FlowJSON

/// Nodes of a run as the API shows them.
enum NodeEncoding {
    /// The names that every node has.
    private enum Name {
        static let nodeID = JSONName("node_id")
        static let type = JSONName("type")
        static let status = JSONName("status")
        static let attempt = JSONName("attempt")
        static let backend = JSONName("backend")
        static let inputData = JSONName("input_data")
        static let outputData = JSONName("output_data")
        static let error = JSONName("error")
        static let interrupt = JSONName("interrupt")
        static let startedAt = JSONName("started_at")
        static let completedAt = JSONName("completed_at")
        static let attempts = JSONName("attempts")
        static let metadata = JSONName("metadata")
    }

    /// Writes the state of the node at a place in the run.
    ///
    /// - Parameter showsInput: Whether the input is written, or only that it is left out.
    static func write(
        _ context: WorkflowContext, nodeAt index: Int, showsInput: Bool = true, to writer: inout JSONWriter
    ) {
        let node = context.nodes[index]
        writer.beginObject()
        writer.field(Name.nodeID)
        writer.string(node.id.rawValue)
        writer.field(Name.type)
        writer.string(context.type(ofNodeAt: index))
        writer.field(Name.status)
        writer.string(node.status.rawValue)
        writer.field(Name.attempt)
        writer.integer(node.attempt?.number ?? 0)
        writer.field(Name.backend)
        writer.optional(node.attempt?.backend.rawValue)
        writer.field(Name.inputData)
        writer.value(showsInput ? node.inputData ?? .null : .null)
        writer.field(Name.outputData)
        writer.value(node.outputData ?? .null)
        writer.field(Name.error)
        writer.failure(node.status == .completed ? nil : node.attempt?.error)
        writer.field(Name.interrupt)
        if let interrupt = node.interrupt { write(interrupt, to: &writer) } else { writer.null() }
        writer.field(Name.startedAt)
        writer.time(node.earlierAttempts.first?.startedAt ?? node.attempt?.startedAt)
        writer.field(Name.completedAt)
        writer.time(node.completedAt)
        writer.field(Name.attempts)
        writer.beginArray()
        for attempt in node.earlierAttempts { write(attempt, to: &writer) }
        if let attempt = node.attempt { write(attempt, to: &writer) }
        writer.endArray()
        writer.field(Name.metadata)
        writer.value(.object(node.notes?.metadata ?? JSONObject()))
        // What few nodes have is shown of them alone.
        if !showsInput, node.inputData != nil {
            writer.field("input_omitted")
            writer.bool(true)
        }
        if let next = node.notes?.next {
            writer.field("next_node_id")
            writer.string(next.rawValue)
        }
        if let instant = node.retryAt {
            writer.field("retry_at")
            writer.time(instant)
        }
        if node.usesFallback {
            writer.field("fallback")
            writer.bool(true)
        }
        if node.status != .pending, let child = context.child(ofNodeAt: index) {
            writer.field("child_workflow_id")
            writer.string(child.rawValue)
        }
        writer.endObject()
    }

    /// Writes all nodes, each behind what `begin` writes of its id.
    ///
    /// One value can be the input of very many nodes, so that a run which is small in memory would be endless to write:
    /// behind so many bytes inputs are left out, and are told by their nodes alone.
    static func writeAll(
        _ context: WorkflowContext, to writer: inout JSONWriter, begin: (NodeID, inout JSONWriter) -> Void
    ) {
        let start = writer.bytes.count
        for index in context.nodes.indices {
            begin(context.nodes[index].id, &writer)
            write(context, nodeAt: index, showsInput: writer.bytes.count - start < inputBytes, to: &writer)
        }
    }

    /// Behind so many bytes of nodes their inputs are left out.
    static let inputBytes = 16 << 20

    /// Writes what a node waits for.
    static func write(_ interrupt: Interrupt, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("prompt")
        writer.value(interrupt.prompt)
        writer.field("deadline")
        writer.time(interrupt.deadline)
        writer.endObject()
    }

    private static func write(_ attempt: NodeContext.Attempt, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field(Name.attempt)
        writer.integer(attempt.number)
        writer.field(Name.status)
        writer.string(attempt.status.rawValue)
        writer.field(Name.backend)
        writer.string(attempt.backend.rawValue)
        writer.field(Name.error)
        writer.failure(attempt.error)
        writer.field(Name.startedAt)
        writer.time(attempt.startedAt)
        writer.field(Name.completedAt)
        writer.time(attempt.completedAt)
        writer.endObject()
    }
}
