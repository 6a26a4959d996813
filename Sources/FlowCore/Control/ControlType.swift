import FlowJSON

/// The node types that direct other nodes. The planner carries them out, the same on every backend.
public enum ControlType: String, Hashable, Sendable, CaseIterable {
    /// Chooses which of several nodes run.
    case condition
    /// Waits for somebody's answer.
    case approval
    /// Runs its body once for each item of a list.
    case forEach = "for_each"
    /// Runs its body again and again.
    case loop
    /// Runs a stored definition as a run of its own.
    case workflow

    /// The type as clients see it.
    public var description: NodeTypeDescription {
        NodeTypeDescription(name: rawValue, summary: summary, configSchema: schema)
    }

    private var summary: String {
        switch self {
        case .condition: "Chooses by conditions which of several nodes run; the others are skipped."
        case .approval: "Waits for an answer from outside, which becomes its output."
        case .forEach: "Runs its body once for each item; its output is the list of the body's outputs, in order."
        case .loop: "Runs its body again and again, each time on what the last one made, which is its output."
        case .workflow: "Runs a stored definition as a run of its own, whose output is its output."
        }
    }

    private var schema: JSONValue {
        let nodes: JSONValue = [
            "type": "array", "minItems": 1, "items": ["type": "object"], "description": "The nodes of the body.",
        ]
        let output: JSONValue = ["description": "A template of the body's output, in place of its last node's."]
        switch self {
        case .condition:
            return Self.object(
                [
                    "routes": [
                        "type": "array", "minItems": 1,
                        "description":
                            "The first whose condition holds is taken; one without a condition always holds.",
                        "items": [
                            "type": "object", "required": ["to"], "additionalProperties": false,
                            "properties": ["when": ["type": "string"], "to": ["type": "string"]],
                        ],
                    ]
                ], required: ["routes"])
        case .approval:
            return Self.object(
                [
                    "prompt": ["description": "A template of what is shown to whoever answers."],
                    "default": ["description": "The answer when none came within the node's timeout."],
                ], required: [])
        case .forEach:
            return Self.object(
                [
                    "items": ["description": "A list, or a template of one."], "nodes": nodes, "output": output,
                    "max_parallel": ["type": "integer", "minimum": 1],
                    "on_item_error": [
                        "description":
                            "\"fail\", \"continue\" (the item's output is null) or {\"continue_with\": value}.",
                        "default": "fail",
                    ],
                ], required: ["items", "nodes"])
        case .loop:
            return Self.object(
                [
                    "nodes": nodes, "output": output,
                    "while": ["type": "string", "description": "A condition that is looked at before each iteration."],
                    "until": ["type": "string", "description": "A condition that is looked at after each iteration."],
                    "max_iterations": ["type": "integer", "minimum": 1],
                ], required: ["nodes", "max_iterations"])
        case .workflow:
            return Self.object(
                [
                    "definition": ["type": "string", "description": "NAME or NAME@VERSION."],
                    "variables": ["description": "A template of the run's variables."],
                ], required: ["definition"])
        }
    }

    private static func object(_ properties: JSONValue, required: [String]) -> JSONValue {
        [
            "type": "object", "additionalProperties": false, "properties": properties,
            "required": .array(required.map { .string($0) }),
        ]
    }
}
