public import FlowCore
public import FlowJSON

/// Has a fixed value as its output.
public struct SetNode: NodeType {
    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "set", summary: "Has the configured value as its output.",
        configSchema: [
            "type": "object", "required": ["value"], "additionalProperties": false,
            "properties": ["value": ["description": "The output: any JSON value."]],
        ])
    /// The type has no effect.
    public let isPure = true

    /// Makes the type.
    public init() {}

    /// A value is required.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        fields.require("value")
        _ = fields.value("value")
        return fields.finish()
    }

    /// Gives the value as output.
    public func execute(_ request: NodeRequest) -> NodeResult {
        .success(output: request.node.config["value"] ?? .null)
    }
}
