public import FlowJSON

/// Who is behind the name of a backend: what a run's journal keeps of it, since names can be registered anew.
public struct BackendIdentity: Hashable, Sendable {
    /// A backend that another one wraps.
    public struct Member: Hashable, Sendable {
        /// The name by which it is wrapped.
        public var name: BackendName
        /// Who that is.
        public var identity: BackendIdentity

        /// Makes a member.
        public init(_ name: BackendName, _ identity: BackendIdentity) {
            self.name = name
            self.identity = identity
        }
    }

    /// The kind of backend.
    public var type: String
    /// The version of what executes the nodes; `nil` when it is the server itself.
    public var version: String?
    /// The hash of the registration's configuration; `nil` of a backend that is part of the server.
    public var configHash: String?
    /// The backends that it hands work to, in their order.
    public var wraps: [Member]

    /// Makes an identity.
    public init(type: String, version: String? = nil, configHash: String? = nil, wraps: [Member] = []) {
        self.type = type
        self.version = version
        self.configHash = configHash
        self.wraps = wraps
    }

    /// Whether another program does the work, whose version is not this server's.
    public var isElsewhere: Bool { type == "remote" }

    /// The identity as JSON.
    public var json: JSONValue {
        var object: JSONObject = ["type": .string(type)]
        if let version { object["version"] = .string(version) }
        if let configHash { object["config_hash"] = .string(configHash) }
        if !wraps.isEmpty {
            object["wraps"] = .array(
                wraps.map { member in
                    var inner: JSONObject = ["backend": .string(member.name.rawValue)]
                    for part in member.identity.json.object?.members ?? [] { inner[part.name] = part.value }
                    return .object(inner)
                })
        }
        return .object(object)
    }

    /// Reads what ``json`` makes; `nil` when it is something else.
    public init?(_ value: JSONValue) {
        guard let type = value["type"]?.string else { return nil }
        var wraps: [Member] = []
        for element in value["wraps"]?.array ?? [] {
            guard let name = element["backend"]?.string, let identity = BackendIdentity(element) else { return nil }
            wraps.append(Member(BackendName(name), identity))
        }
        self.init(
            type: type, version: value["version"]?.string, configHash: value["config_hash"]?.string, wraps: wraps)
    }
}
