public import FlowCore
public import FlowJSON

/// Waits, then hands its input on.
public struct DelayNode: NodeType {
    /// The type as clients see it.
    public let description = NodeTypeDescription(
        name: "delay", summary: "Waits for the configured duration, then hands its input on as its output.",
        configSchema: [
            "type": "object", "required": ["duration"], "additionalProperties": false,
            "properties": [
                "duration": [
                    "description": "How long to wait, such as \"250ms\", \"30s\", \"PT5M\", or a number of seconds.",
                    "type": ["string", "number"],
                ]
            ],
        ])

    /// Makes the type.
    public init() {}

    /// A duration is required.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        fields.require("duration")
        _ = fields.duration("duration", allowZero: true)
        return fields.finish()
    }

    /// Sleeps on the request's clock.
    public func execute(_ request: NodeRequest) async throws -> NodeResult {
        guard let duration = request.node.config["duration"].flatMap({ DurationText.parse($0) }) else {
            return .failure(NodeFailure(.invalid, "the node has no valid duration"))
        }
        let clock = request.clock
        try await clock.sleep(until: clock.now.advanced(by: duration), tolerance: nil)
        return .success(output: request.input)
    }
}
