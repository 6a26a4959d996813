import FlowCore
import Synchronization

/// Tells who the backends are by their names.
protocol BackendIdentities: Sendable {
    /// Grows whenever somebody else may be behind a name.
    var changes: Int { get }

    /// Who is behind the names now.
    var view: BackendView { get }

    /// Whether the name is that of a backend which is part of the server, and will be.
    func isBuiltIn(_ name: BackendName) -> Bool
}

/// Who is behind a name, and which registration of the name that is.
struct RegisteredIdentity: Sendable {
    let registration: Int
    let identity: BackendIdentity
}

/// Which backends a drive has journaled the identity of.
struct Introductions: Sendable {
    /// Whether the run's own backend is part of the server, so that there is nothing to journal of it.
    let isKnown: Bool
    /// The registration that the drive holds, whatever takes its name meanwhile.
    let own: RegisteredIdentity?
    /// Who was behind the names when the last backend was introduced; `nil` when none was.
    var view: BackendView?
    var done: Set<BackendName> = []

    init(of name: BackendName, _ identities: (any BackendIdentities)?) {
        // What is part of the server looks nobody up.
        let now = identities.flatMap { $0.isBuiltIn(name) ? nil : $0.view }
        own = now?.identity(of: name)
        isKnown = own == nil
        view = isKnown ? nil : now
    }
}

/// What is told of an attempt while the driver itself waits for it.
final class SwitchLog: Sendable {
    private let changes = Mutex<[BackendSwitch]>([])

    /// What was told, in order.
    var all: [BackendSwitch] { changes.withLock { $0 } }

    func add(_ change: BackendSwitch) { changes.withLock { $0.append(change) } }
}

extension RunDriver {
    /// Journals who a backend is before it gets its first node, and again when it has become another one.
    mutating func introduce(_ name: BackendName) {
        guard let identities = engine.identities else { return }
        if identities.changes != introductions.view?.changes {
            introductions.view = identities.view
            introductions.done = []
        }
        guard introductions.done.insert(name).inserted else { return }
        guard let identity = name == backend.name ? ownIdentity : introductions.view?.identity(of: name)?.identity,
            planner.context.identities[name] != identity
        else { return }
        record(.backendIdentified(name, identity))
    }

    /// Who the run's own backend is: the run keeps its registration, which looks up what it wraps.
    private var ownIdentity: BackendIdentity? {
        guard let own = introductions.own, let view = introductions.view else { return nil }
        if let now = view.identity(of: backend.name), now.registration == own.registration { return now.identity }
        var identity = own.identity
        identity.wraps = identity.wraps.map { member in
            BackendIdentity.Member(member.name, view.identity(of: member.name)?.identity ?? member.identity)
        }
        return identity
    }

    /// Journals that another backend does the work of an attempt.
    mutating func record(_ change: BackendSwitch, of id: NodeID, attempt: Int) {
        var change = change
        change.reason = engine.secrets?.redacted(change.reason) ?? change.reason
        record(.backendSwitched(id, attempt: attempt, change))
    }
}
