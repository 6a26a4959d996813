public import FlowCore
public import FlowJSON

/// Has a fixed value as its output.
public struct SetNode: PureNodeType {
    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "set", summary: "Has the configured value as its output.",
        configSchema: [
            "type": "object", "required": ["value"], "additionalProperties": false,
            "properties": ["value": ["description": "The output: any JSON value."]],
        ])

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
    public func result(of node: Node, input: JSONValue) -> NodeResult {
        .success(output: node.config["value"] ?? .null)
    }
}
