import FlowJSON

extension LLMNodeConfiguration {
    /// The JSON Schema of a configuration.
    static let schema: JSONValue = [
        "type": "object", "required": ["model"], "additionalProperties": false,
        "oneOf": [
            ["required": ["messages"], "not": ["anyOf": [["required": ["prompt"]], ["required": ["system"]]]]],
            ["required": ["prompt"], "not": ["required": ["messages"]]],
        ],
        "properties": .object(conversation.merged(parameters).merged(transport)),
    ]

    private static let conversation: JSONObject = [
        "model": ["type": "string", "minLength": 1, "maxLength": 256],
        "messages": [
            "type": "array", "minItems": 1,
            "items": [
                "type": "object", "required": ["role"], "additionalProperties": false,
                "properties": [
                    "role": ["enum": .array(ChatMessage.roles.map { .string($0) })],
                    "content": [
                        "type": ["string", "array"], "minItems": 1,
                        "items": ["type": "object", "required": ["type"]],
                    ],
                    "name": ["type": "string"],
                    "tool_calls": [
                        "type": "array", "items": ["type": "object", "required": ["id"]],
                        "description": "As an earlier node put them out, or as the service did.",
                    ],
                    "tool_call_id": ["type": "string"],
                ],
            ],
        ],
        "prompt": ["type": "string", "description": "What the user says: the short form of messages."],
        "system": ["type": "string", "description": "What the system says before the prompt."],
        "response_schema": [
            "type": "object",
            "description": "A JSON Schema of the answer, which then is a JSON value and no text.",
        ],
    ]

    private static let parameters: JSONObject = [
        "temperature": ["type": "number", "minimum": 0, "maximum": 2],
        "top_p": ["type": "number", "minimum": 0, "maximum": 1],
        "max_tokens": ["type": "integer", "minimum": 1, "maximum": 10_000_000],
        "max_completion_tokens": [
            "type": "integer", "minimum": 1, "maximum": 10_000_000,
            "description": "What some models want in place of max_tokens.",
        ],
        "seed": ["type": "integer"],
        "stop": [
            "type": ["string", "array"], "minLength": 1, "minItems": 1, "maxItems": 4,
            "items": ["type": "string", "minLength": 1],
        ],
        "tools": ["type": "array", "minItems": 1, "items": ["type": "object", "required": ["type"]]],
        "tool_choice": ["type": ["string", "object"]],
    ]

    private static let transport: JSONObject = [
        "base_url": [
            "type": "string", "default": .string(defaultURL),
            "description": "Where the service is; /chat/completions is added to the path.",
        ],
        "api_key": ["type": "string", "description": "Sent as a bearer token, such as \"${secrets.openai}\"."],
        "headers": ["type": "object", "additionalProperties": ["type": "string"]],
        "stream": [
            "type": "boolean", "default": true,
            "description": "Whether pieces of the answer are handed out as chunk events while it is made.",
        ],
        "max_response_bytes": [
            "type": "integer", "minimum": 1, "maximum": 67_108_864,
            "default": .integer(Int64(defaultResponseBytes)),
        ],
    ]
}

extension JSONObject {
    /// The members of both.
    fileprivate func merged(_ other: JSONObject) -> JSONObject {
        other.members.reduce(into: self) { $0[$1.name] = $1.value }
    }
}
