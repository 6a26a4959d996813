package import FlowCore
import FlowJSON

/// The event that tells of a run's end: CloudEvents 1.0 in structured JSON.
package enum CompletionEventEncoding {
    /// The event.
    ///
    /// - Parameters:
    ///   - id: What receivers know a repeated event by.
    ///   - source: What the server calls itself, a URI reference.
    package static func bytes(_ context: WorkflowContext, id: String, source: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.field("specversion")
        writer.string("1.0")
        writer.field("id")
        writer.string(id)
        writer.field("source")
        writer.string(source)
        writer.field("type")
        writer.string("flowcore.workflow.\(context.status.rawValue)")
        writer.field("subject")
        writer.string(context.id.rawValue)
        writer.field("time")
        writer.time(context.completedAt)
        writer.field("datacontenttype")
        writer.string("application/json")
        writer.field("data")
        RunEncoding.writeEnd(context, to: &writer)
        writer.endObject()
        return writer.bytes
    }
}
