import FlowCore
import Synchronization

/// Tells who the backends are by their names.
protocol BackendIdentities: Sendable {
    /// Grows whenever somebody else may be behind a name.
    var changes: Int { get }

    /// Who is behind a name; `nil` when it is part of the server, or nobody.
    func identity(of name: BackendName) -> RegisteredIdentity?
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
    var changes: Int
    var done: Set<BackendName> = []

    init(of name: BackendName, _ identities: (any BackendIdentities)?) {
        changes = identities?.changes ?? 0
        own = identities?.identity(of: name)
        isKnown = own == nil
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
        let changes = identities.changes
        if changes != introductions.changes {
            introductions.changes = changes
            introductions.done = []
        }
        guard introductions.done.insert(name).inserted else { return }
        guard let identity = name == backend.name ? ownIdentity(identities) : identities.identity(of: name)?.identity,
            planner.context.identities[name] != identity
        else { return }
        record(.backendIdentified(name, identity))
    }

    /// Who the run's own backend is: the run keeps its registration, which looks up what it wraps.
    private func ownIdentity(_ identities: any BackendIdentities) -> BackendIdentity? {
        guard let own = introductions.own else { return nil }
        if let now = identities.identity(of: backend.name), now.registration == own.registration { return now.identity }
        var identity = own.identity
        identity.wraps = identity.wraps.map { member in
            BackendIdentity.Member(member.name, identities.identity(of: member.name)?.identity ?? member.identity)
        }
        return identity
    }

    /// Journals that another backend does the work of an attempt.
    mutating func record(_ change: BackendSwitch, of id: NodeID, attempt: Int) {
        // The next one was looked up just now, and may be another than when the attempt began.
        introduce(planner.context[id]?.attempt?.backend ?? backend.name)
        var change = change
        change.reason = engine.secrets?.redacted(change.reason) ?? change.reason
        record(.backendSwitched(id, attempt: attempt, change))
    }
}
