import FlowJSON

extension DistributedConfiguration {
    private static let secret: JSONValue = [
        "type": "object", "required": ["secret"], "additionalProperties": false,
        "properties": ["secret": ["type": "string", "description": "The name of a secret of the server."]],
    ]

    private static func credentials(_ description: String) -> JSONValue {
        [
            "description": .string(description),
            "oneOf": [
                ["type": "string", "description": "The name of a secret that holds a file of credentials."],
                [
                    "type": "object", "additionalProperties": false,
                    "properties": [
                        "user": ["type": "string"], "password": secret, "token": secret,
                        "nkey": ["type": "string", "description": "The public key."], "seed": secret,
                    ],
                ],
            ],
        ]
    }

    /// The JSON Schema of a registration's `config`.
    static let schema: JSONValue = [
        "type": "object", "required": ["servers"], "additionalProperties": false,
        "properties": [
            "servers": [
                "type": "array", "items": ["type": "string"], "minItems": 1, "uniqueItems": true,
                "description": "The brokers, such as nats://127.0.0.1:4222.",
            ],
            "credentials": credentials("Who connects."),
            "tls": [
                "type": "object", "additionalProperties": false,
                "description": "How the connection is encrypted: files with certificates.",
                "properties": [
                    "ca_file": ["type": "string"], "certificate_file": ["type": "string"],
                    "key_file": ["type": "string"], "server_name": ["type": "string"],
                ],
            ],
            "system": [
                "type": "object", "required": ["credentials"], "additionalProperties": false,
                "description": "Who reads in the broker's system account that a worker has gone.",
                "properties": ["credentials": credentials("Who connects.")],
            ],
            "namespace": [
                "type": "string", "default": "wf", "pattern": "^[a-z0-9_]{1,32}$",
                "description": "What the names of streams and subjects begin with, as those of the workers.",
            ],
            "shard": [
                "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$",
                "description":
                    "Where results come back; servers that share a namespace need different ones. By default the backend's name.",
            ],
            "stream_replicas": [
                "type": "integer", "minimum": 1, "maximum": 5, "default": 1,
                "description": "On how many brokers tasks and results are kept.",
            ],
            "max_bytes": [
                "type": "integer", "minimum": 1_048_576, "default": 268_435_456,
                "description": "How large the streams of tasks and results may each become.",
            ],
            "max_in_flight": [
                "type": "integer", "minimum": 1, "maximum": 100_000, "default": 4096,
                "description": "How many nodes may be handed out at a time; more wait for their turn.",
            ],
            "heartbeat": [
                "type": ["string", "number"], "default": "10s",
                "description":
                    "How often a worker tells that it works on a node. After twice that silence another gets it.",
            ],
            "max_deliveries": [
                "type": "integer", "minimum": 1, "maximum": 1000, "default": 5,
                "description": "How many workers may be lost with an attempt before it fails.",
            ],
            "connect_wait": [
                "type": ["string", "number"], "default": "10s",
                "description": "How long a node waits for a broker that is away before its attempt fails.",
            ],
        ],
    ]
}
