public import FlowCore
import FlowJSON
import Synchronization

/// A backend with what is known of it, kept so that a read never has to ask it.
public final class RegisteredBackend: Sendable {
    /// What a backend says of itself.
    private struct Description: Sendable {
        let capabilities: BackendCapabilities
        let capabilitiesText: [UInt8]
        let contract: BackendContract
        let nodeTypes: [NodeTypeDescription]
        let version: String?

        init(of backend: any Backend) async {
            capabilities = await backend.capabilities
            capabilitiesText = JSONWriter.bytes(of: capabilities.json)
            contract = await backend.contract
            nodeTypes = await backend.nodeTypes
            version = await backend.version
        }
    }

    /// How it was registered.
    public let registration: BackendRegistration
    /// The backend.
    public let backend: any Backend
    /// The backend, when it need not be waited for to look at a node.
    private let instant: (any InstantlyValidating)?
    /// Whether the service plans its runs.
    let isPlannedByService: Bool
    private let description: Mutex<Description>
    private let judgement = Mutex<(last: ConformanceRun?, proven: ConformanceLevel?)>((nil, nil))
    /// Whether it is part of the server and cannot be removed.
    public let isBuiltIn: Bool
    /// The backends that it hands work to, which are looked up by name whenever they are needed.
    let references: [BackendName]
    /// Tells this registration apart from all others since the start.
    let number: Int
    /// The hash of the configuration.
    let configHash: String?
    private let changes: ChangeCount
    /// The runs that began on this registration or an earlier one of the name; it is not shut down before they have ended.
    private let runs = UseCount()
    /// The runs that use the name, whatever was registered under it when they began.
    let uses: UseCount

    /// - Parameters:
    ///   - changes: Counts what may change who is behind a name, this registration included.
    ///   - uses: The count of an earlier registration of the name.
    init(
        registration: BackendRegistration, backend: any Backend, isBuiltIn: Bool, changes: ChangeCount,
        references: [BackendName] = [], uses: UseCount = UseCount()
    ) async {
        self.changes = changes
        number = changes.next()
        configHash = isBuiltIn ? nil : ReceiptHash.of(.object(registration.config))
        self.references = references
        self.uses = uses
        self.registration = registration
        self.backend = backend
        instant = backend as? any InstantlyValidating
        isPlannedByService = backend is any PlannedByService
        self.isBuiltIn = isBuiltIn
        description = Mutex(await Description(of: backend))
    }

    /// Whether it can take work now. One that says so is asked anew what it can do, which may be something else since it
    /// was registered.
    public func health() async -> BackendHealth {
        let health = await backend.health()
        if health.isHealthy { await refresh() }
        return health
    }

    /// Asks the backend again what it can do.
    func refresh() async {
        let new = await Description(of: backend)
        let isOther = description.withLock { description in
            defer { description = new }
            return description.version != new.version
        }
        if isOther { _ = changes.next() }
    }

    /// What the backend has against a node, when that can be told without waiting.
    func issuesAtOnce(_ node: Node) -> [ValidationIssue]? { instant?.validate(node) }

    /// What it can do.
    public var capabilities: BackendCapabilities { description.withLock { $0.capabilities } }
    /// The same as JSON text, which is asked for often.
    public var capabilitiesText: [UInt8] { description.withLock { $0.capabilitiesText } }
    /// What it promises.
    public var contract: BackendContract { description.withLock { $0.contract } }
    /// What it takes.
    public var nodeTypes: [NodeTypeDescription] { description.withLock { $0.nodeTypes } }
    /// Whether another program executes its nodes, whose version is not this server's.
    public var isElsewhere: Bool { BackendIdentity(type: registration.type).isElsewhere }
    /// The version of what executes its nodes; `nil` when it is this server, or is not known.
    public var version: String? { description.withLock { $0.version } }

    /// The last run of the conformance suite on this registration.
    public var lastConformanceRun: ConformanceRun? { judgement.withLock { $0.last } }
    /// The highest level that such a run has proven.
    public var proven: ConformanceLevel? { judgement.withLock { $0.proven } }

    /// Takes note of a run of the conformance suite. What was proven stays so.
    func learned(_ run: ConformanceRun, proven: ConformanceLevel?) {
        judgement.withLock { $0.last = run }
        proved(proven)
    }

    /// Takes note of what a run has proven, which stays so.
    func proved(_ level: ConformanceLevel?) {
        guard let level else { return }
        judgement.withLock { $0.proven = max($0.proven ?? level, level) }
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

    /// Takes the place of another registration of the name: runs that use that one find this one, and what it wraps, when
    /// they get there through a backend that wraps it, so all of these stay until they have ended as well.
    func succeed(_ earlier: RegisteredBackend, with wrapped: [RegisteredBackend]) {
        earlier.runs.extend(to: [runs] + wrapped.map(\.runs))
    }

    /// Waits until no run is left that began on this registration, or may come to it by its name.
    func drained() async { await runs.idle() }
}
