import FlowCore
import FlowJSON

/// What the configurations of backends that wrap one other have in common.
enum WrappedBackend {
    /// The JSON Schema of the field.
    static let schema: JSONValue = [
        "type": "string", "default": "native", "description": "The backend that is wrapped.",
    ]

    /// The backend that is wrapped.
    static func name(_ config: JSONObject) -> BackendName {
        config["backend"]?.string.map { BackendName($0) } ?? .native
    }
}
