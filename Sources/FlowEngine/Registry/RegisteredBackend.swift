public import FlowCore
import FlowJSON

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
    /// The backends that it hands work to, which are looked up by name whenever they are needed.
    let references: [BackendName]
    /// The runs that began on this registration, which is not shut down before they have ended.
    private let runs = UseCount()
    /// The runs that use the name, whatever was registered under it when they began.
    let uses: UseCount

    /// - Parameter uses: The count of an earlier registration of the name.
    init(
        registration: BackendRegistration, backend: any Backend, isBuiltIn: Bool, references: [BackendName] = [],
        uses: UseCount = UseCount()
    ) async {
        self.references = references
        self.uses = uses
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

    /// How many active runs use the name: by themselves, for one of their nodes, or through a backend that wraps it.
    public var activeRuns: Int { uses.count }

    func acquire() {
        runs.acquire()
        uses.acquire()
    }

    func release() {
        runs.release()
        uses.release()
    }

    /// Waits until no run is left that began on this registration.
    func drained() async { await runs.idle() }
}
