import FlowJSON

extension LangChainConfiguration {
    /// The JSON Schema of a registration's `config`.
    static let schema: JSONValue = [
        "type": "object", "additionalProperties": false,
        "properties": [
            "python": [
                "type": "string", "default": "python3",
                "description": "The interpreter that has langchain-core: a path, or a name that is looked up.",
            ],
            "workers": [
                "type": "integer", "minimum": 1, "maximum": 64, "default": 2,
                "description": "How many processes share the work.",
            ],
            "allow": [
                "type": "array", "items": ["type": "string"], "uniqueItems": true,
                "description":
                    "The import paths that nodes may name, such as langchain_core.* or my_company.chains:*; none by default.",
            ],
            "python_path": [
                "type": "array", "items": ["type": "string"], "uniqueItems": true,
                "description": "Directories that code is imported from besides the interpreter's own.",
            ],
            "environment": [
                "type": "object",
                "description": "Variables of the processes; what authenticates has to name a secret.",
                "additionalProperties": [
                    "oneOf": [
                        ["type": "string"],
                        [
                            "type": "object", "required": ["secret"], "additionalProperties": false,
                            "properties": [
                                "secret": ["type": "string", "description": "The name of a secret of the server."]
                            ],
                        ],
                    ]
                ],
            ],
            "timeout": [
                "type": ["string", "number"],
                "description": "How long an attempt may take whose node gives it no less time.",
            ],
            "max_parallel": [
                "type": "integer", "minimum": 1, "maximum": 100_000,
                "description": "How many nodes of a run may be executed at the same time.",
            ],
            "max_memory_mb": [
                "type": "integer", "minimum": 256, "maximum": 1_048_576, "default": 2048,
                "description": "How much memory each process may use for data.",
            ],
            "hang_timeout": [
                "type": ["string", "number"], "default": "30s",
                "description": "How long code may keep its process from doing anything else before it is killed.",
            ],
            "chains": [
                "type": "boolean", "default": true,
                "description": "Whether runnable nodes that belong together run as one chain.",
            ],
        ],
    ]
}
