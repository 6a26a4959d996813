public import FlowJSON

/// A node type as clients see it.
public struct NodeTypeDescription: Hashable, Sendable {
    /// The name that nodes give as their `type`.
    public var name: String
    /// What the type does, in a sentence.
    public var summary: String
    /// The JSON Schema (2020-12) of a node's `config`.
    public var configSchema: JSONValue

    /// Makes a description.
    public init(name: String, summary: String, configSchema: JSONValue) {
        self.name = name
        self.summary = summary
        self.configSchema = configSchema
    }
}
