import FlowCore
import FlowEngine
import FlowJSON

/// Hooks and their deliveries as the API shows them.
enum HookEncoding {
    /// Writes a hook, or `null`. The values of header fields are not shown: they may be credentials.
    static func write(_ hook: CompletionHook?, to writer: inout JSONWriter) {
        guard let hook else { return writer.null() }
        writer.beginObject()
        writer.field("url")
        writer.string(hook.url)
        writer.field("secret")
        writer.optional(hook.secret?.rawValue)
        writer.field("headers")
        writer.beginObject()
        for name in hook.headers.keys.sorted() {
            writer.name(name)
            writer.string("[hidden]")
        }
        writer.endObject()
        writer.endObject()
    }

    /// A delivery.
    static func bytes(_ delivery: Delivery) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("workflow_id")
        writer.string(delivery.workflowID.rawValue)
        writer.field("status")
        writer.string(delivery.status.rawValue)
        writer.field("attempts")
        writer.integer(delivery.attempts)
        writer.field("created_at")
        writer.time(delivery.createdAt)
        writer.field("last_attempt_at")
        writer.time(delivery.lastAttemptAt)
        writer.field("next_attempt_at")
        writer.time(delivery.nextAttemptAt)
        writer.field("last_error")
        writer.optional(delivery.lastError)
        writer.endObject()
        return writer.bytes
    }
}
