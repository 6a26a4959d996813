public import FlowCore
public import Logging
public import Metrics
import Synchronization

/// What clients can do with runs: the one way into the engine.
public final class WorkflowService: Sendable {
    /// The backends.
    public let registry: BackendRegistry
    /// The stored definitions.
    public let definitions: DefinitionLibrary
    /// The runs.
    public let store: JobStore
    /// Bounds and defaults.
    public let limits: EngineLimits
    let engine: EngineEnvironment
    let logger: Logger
    let metrics: RunMetrics
    let hooks: HookDispatcher?
    /// How backends are judged here, if they are.
    public let conformance: ConformanceRuns?
    /// What is executed here for runs that others plan.
    let attempts = NodeAttempts()
    let makeID: @Sendable (Timestamp) -> WorkflowID
    let rescueIsPending = Atomic<Bool>(false)
    let isRecovered = Atomic<Bool>(false)
    /// Asks the services that were away at the start.
    let asking = Mutex<Task<Void, Never>?>(nil)
    /// The version of this server; `nil` when it tells none.
    let version: String?
    /// The versions of servers that worked on the journal, in order.
    let versions = Mutex<[ServerVersion]>([])

    /// Makes a service; call ``start()`` before the first request.
    ///
    /// - Parameters:
    ///   - journal: Where runs, registrations, definitions and deliveries are kept.
    ///   - secrets: What hooks may name, and `secrets.<name>` in configurations stands for.
    ///   - random: Numbers from 0 up to 1, which place attempts within their jitter; by default in its middle.
    ///   - executor: Where work that no request asks for preferably happens; `nil` leaves it to the system.
    ///   - hooks: How others are told of the end of runs; without it a submission that wants that is refused.
    ///   - conformance: How backends are judged.
    ///   - version: The version of this server, as receipts tell it.
    ///   - makeID: Makes the id of a run that is submitted at an instant.
    public init(
        registry: BackendRegistry, journal: any Journal & DefinitionStore & DeliveryStore, limits: EngineLimits,
        clock: any WallClock, logger: Logger, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        secrets: (any SecretSource)? = nil,
        random: @escaping @Sendable () -> Double = { 0.5 },
        executor: (any TaskExecutor)? = nil,
        hooks: CompletionHooks? = nil, conformance: ConformanceRuns? = nil, version: String? = nil,
        makeID: @escaping @Sendable (Timestamp) -> WorkflowID
    ) {
        self.registry = registry
        self.version = version
        self.limits = limits
        self.logger = logger
        self.metrics = RunMetrics(factory: metrics)
        self.makeID = makeID
        self.conformance = conformance
        definitions = DefinitionLibrary(store: journal, limits: limits.definitions, clock: clock)
        store = JobStore(journal: journal, limits: limits)
        let engine = EngineEnvironment(
            journal: journal, clock: clock, deadlines: Deadlines(clock: clock, executor: executor), limits: limits,
            secrets: secrets, random: random, executor: executor, identities: registry,
            lookup: { BackendView.backend($0, in: registry)?.backend })
        self.engine = engine
        self.hooks = hooks.map {
            HookDispatcher(
                $0, store: journal, engine: engine, logger: logger, metrics: HookMetrics(factory: metrics))
        }
        engine.children.attach(self)
    }

    /// Begins to accept runs. Those that the last stop left unfinished go on once ``recover()`` has taken them up.
    ///
    /// - Parameter declared: The backends that the server's files register.
    /// - Returns: what is wrong with those; then the service is not to be used.
    @discardableResult
    public func open(declared: [BackendRegistration] = []) async throws(JournalError) -> [DeclarationIssue] {
        try await store.open()
        try await noteVersion()
        let issues = try await registry.restore(declared: declared)
        guard issues.isEmpty else { return issues }
        askAbsent()
        try await conformance?.open()
        await hooks?.start { [weak self] id throws(ServiceError) in
            guard let self else { throw .unavailable("the server is going down") }
            return try await ended(id)
        }
        return []
    }

    /// Begins to accept runs and takes up every run that the last stop left unfinished.
    ///
    /// - Returns: how many runs were taken up.
    public func start() async throws(JournalError) -> Int {
        try await open()
        return try await recover()
    }

    /// Ends all conformance runs and begins no more: the server is going down. To be called before what follows them is
    /// closed, so that it is told of their end; ``stop(grace:)`` does it otherwise.
    public func endConformanceRuns() async { await conformance?.stop() }

    /// Refuses new runs, gives the active ones so long to end, and leaves the rest to the next start.
    public func stop(grace: Duration) async {
        let end = engine.clock.now.advanced(by: grace)
        registry.close()
        asking.withLock { $0.take() }?.cancel()
        await conformance?.stop()
        await store.close(grace: grace, engine: engine)
        await hooks?.stop(by: end)
        await registry.shutdown()
        await engine.journal.close()
    }

    /// Fails when runs cannot be accepted now.
    public func check() async throws(ServiceError) {
        guard isRecovered.load(ordering: .acquiring) else {
            throw .unavailable("the runs that the last stop left are being taken up")
        }
        do { try await engine.journal.check() } catch { throw ServiceError(error) }
    }

    /// The clock that the engine goes by.
    public var clock: any WallClock { engine.clock }
}
