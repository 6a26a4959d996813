import FlowCore
import Synchronization

/// Counts what may change who is behind the names of backends.
final class ChangeCount: Sendable {
    private let value = Atomic<Int>(0)

    /// How much has changed so far.
    var count: Int { value.load(ordering: .acquiring) }

    /// Counts one change.
    func next() -> Int { value.add(1, ordering: .acquiringAndReleasing).newValue }
}

extension BackendRegistry: BackendIdentities {
    nonisolated var changes: Int { changeCount.count }

    nonisolated func identity(of name: BackendName) -> RegisteredIdentity? {
        guard let backend = backend(name), !backend.isBuiltIn else { return nil }
        return RegisteredIdentity(registration: backend.number, identity: describe(backend))
    }

    /// The types of the backends that are part of the server.
    nonisolated var builtInTypes: [BackendName: String] {
        Dictionary(all.filter(\.isBuiltIn).map { ($0.name, $0.registration.type) }) { first, _ in first }
    }

    /// Who a backend is, with all that it wraps. None wraps itself, so this comes to an end.
    private nonisolated func describe(_ backend: RegisteredBackend) -> BackendIdentity {
        let wraps = backend.references.compactMap { name in
            self.backend(name).map { BackendIdentity.Member(name, describe($0)) }
        }
        return BackendIdentity(
            type: backend.registration.type, version: backend.version, configHash: backend.configHash, wraps: wraps)
    }
}
