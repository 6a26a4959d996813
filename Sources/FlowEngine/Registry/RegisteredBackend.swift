public import FlowCore
import FlowJSON
import Synchronization

/// A backend with what is known of it, kept so that a read never has to ask it.
public final class RegisteredBackend: Sendable {
    /// How it was registered.
    public let registration: BackendRegistration
    /// The backend.
    public let backend: any Backend
    /// What it can do.
    public let capabilities: BackendCapabilities
    /// The same as JSON text, which is asked for often.
    public let capabilitiesText: [UInt8]
    /// What it promises.
    public let contract: BackendContract
    /// What it takes.
    public let nodeTypes: [NodeTypeDescription]
    /// Whether it is part of the server and cannot be removed.
    public let isBuiltIn: Bool
    private let users = Mutex((runs: 0, waiters: [CheckedContinuation<Void, Never>]()))

    init(registration: BackendRegistration, backend: any Backend, isBuiltIn: Bool) async {
        self.registration = registration
        self.backend = backend
        self.isBuiltIn = isBuiltIn
        capabilities = await backend.capabilities
        capabilitiesText = JSONWriter.bytes(of: capabilities.json)
        contract = await backend.contract
        nodeTypes = await backend.nodeTypes
    }

    /// The name under which runs find it.
    public var name: BackendName { registration.name }

    /// How many active runs use it.
    public var activeRuns: Int { users.withLock { $0.runs } }

    func acquire() { users.withLock { $0.runs += 1 } }

    func release() {
        let waiters = users.withLock { users -> [CheckedContinuation<Void, Never>] in
            users.runs -= 1
            guard users.runs == 0 else { return [] }
            defer { users.waiters = [] }
            return users.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until no run uses it.
    func drained() async {
        await withCheckedContinuation { continuation in
            let isIdle = users.withLock { users in
                if users.runs > 0 { users.waiters.append(continuation) }
                return users.runs == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
