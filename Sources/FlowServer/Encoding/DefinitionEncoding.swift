import FlowCore
import FlowEngine
import FlowJSON

/// Stored definitions as the API shows them.
enum DefinitionEncoding {
    /// A version with its workflow.
    static func bytes(_ definition: Definition) -> [UInt8] {
        var writer = JSONWriter(capacity: definition.document.count + 128)
        writer.beginObject()
        writeFields(definition.entry, to: &writer)
        writer.field("workflow")
        writer.raw(definition.document)
        writer.endObject()
        return writer.bytes
    }

    /// A version as lists show it: without its workflow.
    static func writeSummary(_ entry: DefinitionEntry, to writer: inout JSONWriter) {
        writer.beginObject()
        writeFields(entry, to: &writer)
        writer.endObject()
    }

    private static func writeFields(_ entry: DefinitionEntry, to writer: inout JSONWriter) {
        writer.field("name")
        writer.string(entry.id.name.rawValue)
        writer.field("version")
        writer.integer(entry.id.version)
        writer.field("created_at")
        writer.time(entry.createdAt)
    }
}
