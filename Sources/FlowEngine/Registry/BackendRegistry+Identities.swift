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

    nonisolated var view: BackendView {
        table.withLock { BackendView(of: self, changes: changeCount.count, backends: $0.backends) }
    }

    // There are few, and their names are short: comparing them one by one is the faster way.
    nonisolated func isBuiltIn(_ name: BackendName) -> Bool { builtIn.contains(name) }

    /// The types of the backends that are part of the server.
    nonisolated var builtInTypes: [BackendName: String] {
        Dictionary(all.filter(\.isBuiltIn).map { ($0.name, $0.registration.type) }) { first, _ in first }
    }
}
