public import FlowCore
public import FlowJSON

/// Hands its input on.
public struct PassthroughNode: PureNodeType {
    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "passthrough", summary: "Hands its input on as its output.",
        configSchema: ["type": "object", "additionalProperties": false])

    /// Makes the type.
    public init() {}

    /// The type takes no configuration.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        guard !config.isEmpty else { return [] }
        var fields = FieldReader(config, at: [])
        return fields.finish()
    }

    /// Gives the input as output.
    public func result(of node: Node, input: JSONValue) -> NodeResult { .success(output: input) }
}
