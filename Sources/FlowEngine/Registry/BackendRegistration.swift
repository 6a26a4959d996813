public import FlowCore
public import FlowJSON

/// A backend as it was registered: what survives a restart.
public struct BackendRegistration: Hashable, Sendable {
    /// The name under which runs find the backend.
    public var name: BackendName
    /// The type, which picks the factory.
    public var type: String
    /// What the factory needs to know.
    public var config: JSONObject
    /// The level that the backend has to hold before it takes runs; `nil` when it need not show any.
    public var requireConformance: ConformanceLevel?

    /// The file of the server's configuration that holds it; `nil` when it came over the API.
    public var file: String?

    /// Makes a registration.
    public init(
        name: BackendName, type: String, config: JSONObject = JSONObject(), requireConformance: ConformanceLevel? = nil,
        file: String? = nil
    ) {
        self.requireConformance = requireConformance
        self.file = file
        self.name = name
        self.type = type
        self.config = config
    }
}
