import FlowCore
import FlowEngine
import FlowJSON

/// Receipts as the API shows them.
enum ReceiptEncoding {
    /// A page of a run's receipts.
    static func bytes(_ page: ReceiptPage) -> [UInt8] {
        let context = page.context
        var writer = JSONWriter(capacity: 1024 + page.receipts.count * 768)
        writer.beginObject()
        writer.field("workflow_id")
        writer.string(context.id.rawValue)
        writer.field("status")
        writer.string(context.status.rawValue)
        writer.field("submission_hash")
        writer.string(page.submissionHash)
        writer.field("receipts")
        writer.beginArray()
        for receipt in page.receipts { writer.value(.object(receipt)) }
        writer.endArray()
        writer.field("head")
        writer.string(page.head)
        writer.field("next_after")
        if let next = page.next { writer.integer(next) } else { writer.null() }
        writer.endObject()
        return writer.bytes
    }
}
