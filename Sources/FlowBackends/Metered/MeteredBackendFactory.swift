public import FlowCore
public import FlowEngine
public import FlowJSON
public import Metrics

/// Makes ``MeteredBackend`` from `{"backend": "native"}`.
public struct MeteredBackendFactory: BackendFactory {
    /// The type of its registrations.
    public let type = "metered"
    /// What the backend does.
    public let summary =
        "Wraps another backend, counts how its nodes ended and measures how long they took, for each node type."
    /// What a registration may say.
    public let configSchema: JSONValue = [
        "type": "object", "additionalProperties": false, "properties": ["backend": WrappedBackend.schema],
    ]
    private let meters: NodeMeters

    /// Makes a factory whose backends report to `metrics`.
    public init(metrics: any MetricsFactory) { meters = NodeMeters(factory: metrics) }

    /// The wrapped backend.
    public func references(in config: JSONObject) -> [BackendName] { [WrappedBackend.name(config)] }

    /// Checks the one field.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        _ = fields.backend("backend")
        return fields.finish()
    }

    /// Makes the backend.
    public func makeBackend(_ registration: BackendRegistration, lookup: @escaping BackendLookup) -> any Backend {
        let base = WrappedBackend.name(registration.config)
        return MeteredBackend(name: registration.name, meters: meters) { lookup(base) }
    }
}
