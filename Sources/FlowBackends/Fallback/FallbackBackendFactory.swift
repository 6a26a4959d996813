public import FlowCore
public import FlowEngine
public import FlowJSON

/// Makes ``FallbackBackend`` from `{"backends": ["distributed", "native"]}`.
public struct FallbackBackendFactory: BackendFactory {
    private static let maximum = 16

    /// The type of its registrations.
    public let type = "fallback"
    /// What the backend does.
    public let summary =
        "Hands each node to the first of several backends that takes it, and to the next when it fails for want of that backend."
    /// What a registration may say.
    public let configSchema: JSONValue = [
        "type": "object", "additionalProperties": false, "required": ["backends"],
        "properties": [
            "backends": [
                "type": "array", "minItems": 1, "maxItems": .integer(Int64(maximum)), "uniqueItems": true,
                "items": ["type": "string"], "description": "The backends, the preferred one first.",
            ]
        ],
    ]

    /// Makes a factory.
    public init() {}

    /// The backends of the list.
    public func references(in config: JSONObject) -> [BackendName] {
        (config["backends"]?.array ?? []).compactMap { $0.string.flatMap(BackendName.init(checking:)) }
    }

    /// Checks the list.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        fields.require("backends")
        if let names = fields.texts("backends") {
            for (index, name) in names.enumerated() where BackendName(checking: name) == nil {
                fields.add(ValidationIssue(["backends", .position(index)], "expected the name of a backend"))
            }
            let count = config["backends"]?.array?.count ?? 0
            if !(1...Self.maximum).contains(count) {
                fields.refuse("backends", "expected 1 to \(Self.maximum) backends, found \(count)")
            }
        }
        return fields.finish()
    }

    /// Makes the backend.
    public func makeBackend(_ registration: BackendRegistration, lookup: @escaping BackendLookup) -> any Backend {
        FallbackBackend(name: registration.name, backends: references(in: registration.config), lookup: lookup)
    }
}
