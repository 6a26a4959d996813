public import FlowJSON

extension Workflow {
    /// Writes the workflow as the JSON that ``init(decoding:at:limits:)`` reads.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("name")
        writer.string(name)
        if let version {
            writer.field("version")
            writer.string(version)
        }
        writer.field("nodes")
        writer.beginArray()
        for node in nodes { node.write(to: &writer) }
        writer.endArray()
        if let timeout {
            writer.field("timeout")
            writer.string(DurationText.text(timeout))
        }
        if let maxParallel {
            writer.field("max_parallel")
            writer.integer(maxParallel)
        }
        if let backend {
            writer.field("backend")
            writer.string(backend.rawValue)
        }
        if !requires.isEmpty {
            writer.field("requires")
            writer.value(.array(requires.map { .string($0) }))
        }
        if !variables.isEmpty {
            writer.field("variables")
            writer.value(.object(variables))
        }
        if let output {
            writer.field("output")
            writer.value(output.source)
        }
        writer.endObject()
    }
}

extension Node {
    /// Writes the node as the JSON that ``init(decoding:at:)`` reads.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.field("node_id")
        writer.string(id.rawValue)
        writer.field("type")
        writer.string(type)
        if !config.isEmpty {
            writer.field("config")
            writer.value(.object(config))
        }
        if let dependsOn {
            writer.field("depends_on")
            writer.beginArray()
            for dependency in dependsOn { writer.string(dependency.rawValue) }
            writer.endArray()
        }
        if let timeout {
            writer.field("timeout")
            writer.string(DurationText.text(timeout))
        }
        if let backend {
            writer.field("backend")
            writer.string(backend.rawValue)
        }
        if let rules {
            for member in rules.source.members {
                writer.name(member.name)
                writer.value(member.value)
            }
        }
        writer.endObject()
    }
}
