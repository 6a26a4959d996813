import FlowCore

/// Who is behind each name at one moment.
///
/// What is looked up while it is current is found in it, so that an attempt goes to the backends that it began with until
/// it has ended, and is executed by those that the journal names, whatever is registered anew meanwhile.
struct BackendView: Sendable {
    /// What the task that is running goes by; `nil` when it goes by what is registered now.
    @TaskLocal static var current: BackendView?

    /// How much had changed by then.
    let changes: Int
    private let registry: ObjectIdentifier
    private let backends: [BackendName: RegisteredBackend]

    init(of registry: BackendRegistry, changes: Int, backends: [BackendName: RegisteredBackend]) {
        self.registry = ObjectIdentifier(registry)
        self.changes = changes
        self.backends = backends
    }

    /// The backend of that name at that moment.
    func backend(_ name: BackendName) -> RegisteredBackend? { backends[name] }

    /// The backend of that name for whoever is running: at the moment that he goes by if there is one, else now.
    static func backend(_ name: BackendName, in registry: BackendRegistry) -> RegisteredBackend? {
        if let current, current.registry == ObjectIdentifier(registry), let known = current.backend(name) {
            return known
        }
        return registry.backend(name)
    }

    /// Has `body` look up who there was at a moment, if there is one to go by.
    static func seen<Result>(_ view: BackendView?, _ body: () -> Result) -> Result {
        guard let view else { return body() }
        return $current.withValue(view, operation: body)
    }

    /// Who is behind a name; `nil` when it is part of the server, or nobody.
    func identity(of name: BackendName) -> RegisteredIdentity? {
        guard let backend = backends[name], !backend.isBuiltIn else { return nil }
        return RegisteredIdentity(registration: backend.number, identity: describe(backend))
    }

    /// Who a backend is, with all that it wraps. None wraps itself, so this comes to an end.
    private func describe(_ backend: RegisteredBackend) -> BackendIdentity {
        let wraps = backend.references.compactMap { name in
            backends[name].map { BackendIdentity.Member(name, describe($0)) }
        }
        return BackendIdentity(
            type: backend.registration.type, version: backend.version, configHash: backend.configHash, wraps: wraps)
    }
}
