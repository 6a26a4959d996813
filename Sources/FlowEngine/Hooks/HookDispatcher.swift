import FlowCore
import Logging

/// Sends what is to be told of the end of runs, a bounded number at a time, and tries again what was not taken.
///
/// What is pending lies in the store, not here: the dispatcher asks for what is due when a run with a hook has ended, an
/// attempt is over or an instant has come.
actor HookDispatcher {
    /// How long the dispatcher waits for a store that failed.
    static let storeDelay: Duration = .seconds(5)

    private struct Running {
        let origin: String
        let task: Task<Void, Never>
    }

    private let hooks: CompletionHooks
    private let durable: any DeliveryStore
    private let volatile: VolatileDeliveries
    private let engine: EngineEnvironment
    private let limits: HookLimits
    private let logger: Logger
    private let metrics: HookMetrics
    private var load: HookAttempt.Load?
    /// Attempts, until what came of them is stored.
    private var running: [Int64: Running] = [:]
    /// What left `running` while the stores were asked: their answer may be from before.
    private var released: Set<Int64> = []
    private var outcomes: [Delivery] = []
    private var isRecording = false
    private var isLooking = false
    private var looksAgain = false
    private var alarm: Deadlines.Token?
    private var isStopping = false
    private var idle: [CheckedContinuation<Void, Never>] = []

    init(
        _ hooks: CompletionHooks, store: any DeliveryStore, engine: EngineEnvironment, logger: Logger,
        metrics: HookMetrics
    ) {
        self.hooks = hooks
        self.engine = engine
        self.logger = logger
        self.metrics = metrics
        durable = store
        limits = engine.limits.hooks
        volatile = VolatileDeliveries(capacity: limits.volatileCount)
    }

    /// Everything that keeps a hook from being called at all, each with its place in the hook.
    nonisolated func issues(of hook: CompletionHook) -> [ValidationIssue] { hooks.sender.issues(of: hook) }

    /// Begins to send, first of all what the last stop has left.
    func start(load: @escaping HookAttempt.Load) async {
        self.load = load
        await look()
    }

    /// Takes notice of the end of a run with a hook. Its delivery is stored, if its journal is.
    nonisolated func ended(_ context: WorkflowContext, sequence: Int64) {
        if context.submission.durability == .none, let delivery = Delivery(context, sequence: sequence),
            !volatile.add(delivery)
        {
            logger.warning("hook given up: too many wait", metadata: metadata(delivery))
            metrics.dropped()
        }
        wake()
    }

    /// The delivery of a run, or `nil` when it has none.
    nonisolated func delivery(of id: WorkflowID) async throws(JournalError) -> Delivery? {
        if let delivery = try await volatile.delivery(of: id) { return delivery }
        return try await durable.delivery(of: id)
    }

    /// Begins no more attempts, and gives those that are under way until an instant to end.
    func stop(by instant: Timestamp) async {
        isStopping = true
        if let alarm { engine.deadlines.cancel(alarm) }
        guard !running.isEmpty else { return }
        let token = engine.deadlines.schedule(at: instant) { [weak self, executor = engine.executor] in
            // A child of nothing: it only delivers the message.
            Task(executorPreference: executor) { await self?.cancelAll() }
        }
        await withCheckedContinuation { idle.append($0) }
        engine.deadlines.cancel(token)
    }

    private func cancelAll() { for attempt in running.values { attempt.task.cancel() } }

    /// Has the dispatcher look for what is due, without waiting for it.
    private nonisolated func wake() {
        // Unstructured, since nobody waits for it; it ends once it has looked.
        Task(executorPreference: engine.executor) { [self] in await look() }
    }

    /// Begins the attempts that are due, as many as there is room for. One call looks for all that come meanwhile.
    private func look() async {
        looksAgain = true
        guard !isLooking else { return }
        isLooking = true
        while looksAgain, !isStopping {
            looksAgain = false
            released = []
            await lookOnce()
        }
        isLooking = false
    }

    private func lookOnce() async {
        let now = engine.clock.now
        var next: Timestamp?
        let stores: [any DeliveryStore] = [durable, volatile]
        for store in stores {
            // Whoever ends makes room and looks again.
            guard running.count < limits.parallel else { return }
            let found: DueDeliveries
            do throws(JournalError) {
                let busy = Set(running.values.map(\.origin).filter(isBusy))
                found = try await store.dueDeliveries(at: now, except: busy, limit: limits.parallel)
            } catch {
                guard !isStopping else { return }
                logger.error("hooks cannot be read", metadata: ["error": "\(error)"])
                found = DueDeliveries(next: now.advanced(by: Self.storeDelay))
            }
            for delivery in found.deliveries where running[delivery.sequence] == nil {
                guard !isStopping, running.count < limits.parallel else { return }
                // The store may have answered before that attempt was stored, or with too many for one receiver.
                if released.contains(delivery.sequence) || isBusy(delivery.origin) {
                    looksAgain = true
                } else {
                    begin(delivery)
                }
            }
            next = [next, found.next].compactMap { $0 }.min()
        }
        guard !isStopping else { return }
        if let alarm { engine.deadlines.cancel(alarm) }
        alarm = next.map { engine.deadlines.schedule(at: $0) { [weak self] in self?.wake() } }
    }

    private func isBusy(_ origin: String) -> Bool {
        running.values.reduce(0) { $0 + ($1.origin == origin ? 1 : 0) } >= limits.parallelPerOrigin
    }

    private func begin(_ delivery: Delivery) {
        guard let load else { return }
        let attempt = HookAttempt(hooks: hooks, engine: engine, load: load)
        // Unstructured, since attempts come and go one by one; `running` owns it and a stop waits for it.
        let task = Task(executorPreference: engine.executor) { [self] in
            await conclude(delivery.sequence, await attempt.make(delivery))
        }
        running[delivery.sequence] = Running(origin: delivery.origin, task: task)
    }

    /// Stores what came of an attempt. One task stores for all that end while it does.
    private func conclude(_ sequence: Int64, _ outcome: Delivery?) async {
        guard let outcome else { return release([sequence]) }
        tell(outcome)
        outcomes.append(outcome)
        guard !isRecording else { return }
        isRecording = true
        while !outcomes.isEmpty {
            let group = outcomes
            outcomes = []
            do {
                try await record(group)
                release(group.map(\.sequence))
            } catch {
                // As long as the process lives nothing is sent twice for it.
                logger.error("hooks cannot be stored", metadata: ["error": "\(error)"])
                outcomes = group + outcomes
                let retry = engine.clock.now.advanced(by: Self.storeDelay)
                guard !isStopping, (try? await engine.clock.sleep(until: retry, tolerance: nil)) != nil else {
                    release(outcomes.map(\.sequence))
                    outcomes = []
                    break
                }
            }
        }
        isRecording = false
        await look()
    }

    private func record(_ group: [Delivery]) async throws {
        // In a task of its own, which no stop cancels: what was taken is to be stored as such.
        try await Task(executorPreference: engine.executor) { [durable, volatile] in
            let stored = group.filter { !volatile.contains($0.sequence) }
            if !stored.isEmpty { try await durable.record(stored) }
            try await volatile.record(group)
        }.value
    }

    private func release(_ sequences: [Int64]) {
        for sequence in sequences { running[sequence] = nil }
        if isLooking { released.formUnion(sequences) }
        guard running.isEmpty else { return }
        for waiter in idle { waiter.resume() }
        idle = []
    }

    private func tell(_ delivery: Delivery) {
        metrics.attempted(delivery)
        switch delivery.status {
        case .delivered: logger.debug("hook delivered", metadata: metadata(delivery))
        case .pending: logger.info("hook not delivered yet", metadata: metadata(delivery))
        case .failed: logger.warning("hook given up", metadata: metadata(delivery))
        }
    }

    private nonisolated func metadata(_ delivery: Delivery) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "workflow_id": "\(delivery.workflowID)", "receiver": "\(delivery.origin)",
            "attempt": "\(delivery.attempts)",
        ]
        if let error = delivery.lastError { metadata["error"] = "\(error)" }
        return metadata
    }
}
