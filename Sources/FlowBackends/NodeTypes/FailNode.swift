public import FlowCore
public import FlowJSON

/// Fails, as its author wants it to.
public struct FailNode: PureNodeType {
    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "fail", summary: "Fails with the configured error.",
        configSchema: [
            "type": "object", "additionalProperties": false,
            "properties": [
                "message": ["description": "What happened, for people.", "type": "string"],
                "code": ["description": "The error's code; \"failed\" by default.", "type": "string"],
                "details": ["description": "Any further JSON value."],
            ],
        ])

    /// Makes the type.
    public init() {}

    /// All fields are optional.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        _ = fields.text("message", maximum: 10_000)
        _ = fields.text("code", maximum: 64)
        _ = fields.value("details")
        return fields.finish()
    }

    /// Gives the configured error as result.
    public func result(of node: Node, input: JSONValue) -> NodeResult {
        let config = node.config
        let code = config["code"]?.string.map { NodeFailure.Code($0) } ?? .failed
        return .failure(
            NodeFailure(code, config["message"]?.string ?? "the node was told to fail", details: config["details"]))
    }
}
