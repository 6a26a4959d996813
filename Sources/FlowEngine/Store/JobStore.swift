public import FlowCore
import Synchronization

/// Owns the contexts of all runs that are live, and of those that ended lately.
///
/// The actor takes runs up at a start and leaves them at the end. In between every step is one look at the table, under its
/// lock: a run is admitted and retired, and read, without waiting for the actor, so a read never waits behind a write, and a
/// request for a run that needs no wait is answered without one.
public actor JobStore {
    struct Table: Sendable {
        var live: [WorkflowID: LiveRun] = [:]
        var lastSequence: Int64 = 0
        var isClosing = false
        var durable: FinishedRuns
        var volatile: FinishedRuns
        /// Idempotency keys whose request is being answered, and those of runs that no journal knows.
        var keys: [String: Key] = [:]
        /// Who waits for the last live run to end.
        var idle: [CheckedContinuation<Void, Never>] = []

        /// Gives back the keys of runs that are held no more.
        mutating func forget(_ runs: [FinishedRuns.Run]) {
            for run in runs { if let key = run.key { keys[key] = nil } }
        }
    }

    /// What a key stands for.
    struct Key: Sendable {
        let fingerprint: String
        let id: WorkflowID
    }

    nonisolated let table: Mutex<Table>
    private let journal: any Journal
    private let limits: EngineLimits

    /// Makes a store over a journal.
    public init(journal: any Journal, limits: EngineLimits) {
        self.journal = journal
        self.limits = limits
        table = Mutex(
            Table(
                durable: FinishedRuns(capacity: limits.finishedBytes),
                volatile: FinishedRuns(capacity: limits.volatileBytes)))
    }

    /// Continues the numbering of runs where the journal left off.
    func open() async throws(JournalError) {
        let last = try await journal.lastSequence()
        table.withLock { $0.lastSequence = last }
    }

    /// What becomes of a wish for a run.
    private enum Admission {
        case admitted(LiveRun)
        case taken
        case full
        case closing
    }

    /// Makes room for a new run.
    ///
    /// Runs that others start get half of the room there is: clients find some, however fast runs start each other.
    ///
    /// - Throws: ``ServiceError`` when the id is taken, the server is full or going down.
    nonisolated func admit(
        _ id: WorkflowID, durability: Durability, key: String?, isChild: Bool = false
    ) throws(ServiceError) -> LiveRun {
        let room = isChild ? (limits.activeRuns + 1) / 2 : limits.activeRuns
        let admission = table.withLock { table -> Admission in
            guard !table.isClosing else { return .closing }
            guard table.live.count < room else { return .full }
            guard table.durable[id] == nil, table.volatile[id] == nil, table.live[id] == nil else { return .taken }
            table.lastSequence += 1
            let run = LiveRun(id: id, sequence: table.lastSequence, durability: durability, key: key)
            table.live[id] = run
            return .admitted(run)
        }
        switch admission {
        case .admitted(let run): return run
        case .taken: throw .conflict("there is a run \"\(id)\" already")
        case .closing: throw .unavailable("the server is going down")
        case .full:
            let purpose = isChild ? " for runs that others start" : ""
            throw .overloaded("\(room) runs are active, which is the limit\(purpose)", retryAfter: .seconds(1))
        }
    }

    /// Takes up a run that the journal shows as unfinished. Its state is not known yet.
    ///
    /// - Returns: `nil` when it is live, or the server is going down.
    func adopt(_ entry: RunEntry) -> LiveRun? {
        let run = LiveRun(id: entry.id, sequence: entry.sequence, durability: .full)
        return table.withLock { table in
            guard !table.isClosing, table.live[entry.id] == nil else { return nil }
            table.live[entry.id] = run
            return run
        }
    }

    /// Lets go of a run: one that ended stays readable for a while, one that was never accepted leaves no trace.
    ///
    /// - Returns: the state in which the run ended, or `nil` when it has not.
    @discardableResult
    nonisolated func retire(_ run: LiveRun) -> RunSnapshot? {
        let snapshot = run.snapshot
        let events = run.durability == .none ? run.allEvents : []
        let (removed, idle) = table.withLock { table in
            table.live[run.id] = nil
            var removed: [FinishedRuns.Run] = []
            if let snapshot, snapshot.context.status.isFinished {
                switch run.durability {
                case .full: removed = table.durable.insert(snapshot, events: events, key: nil)
                case .none: removed = table.volatile.insert(snapshot, events: events, key: run.key)
                }
                table.forget(removed)
            }
            guard table.live.isEmpty else { return (removed, [CheckedContinuation<Void, Never>]()) }
            defer { table.idle = [] }
            return (removed, table.idle)
        }
        // What was let go is freed here, outside the lock.
        _ = consume removed
        run.abandon()
        for waiter in idle { waiter.resume() }
        guard let snapshot, snapshot.context.status.isFinished else { return nil }
        return snapshot
    }

    /// Forgets a finished run.
    ///
    /// - Returns: whether a run without durability was there, which has no other trace.
    nonisolated func forget(_ id: WorkflowID) -> Bool {
        table.withLock { table in
            _ = table.durable.remove(id)
            guard let removed = table.volatile.remove(id) else { return false }
            table.forget([removed])
            return true
        }
    }

    /// Reserves an idempotency key while its first request is being answered.
    ///
    /// - Returns: the run of an earlier request with the key, when that is being answered now or no journal knows it.
    /// - Throws: ``ServiceError/idempotencyMismatch`` when the key stands for another request.
    nonisolated func reserve(
        _ key: String, fingerprint: String, for id: WorkflowID
    ) throws(ServiceError) -> WorkflowID? {
        let earlier = table.withLock { table -> Key? in
            if let earlier = table.keys[key] { return earlier }
            table.keys[key] = Key(fingerprint: fingerprint, id: id)
            return nil
        }
        guard let earlier else { return nil }
        guard earlier.fingerprint == fingerprint else { throw .idempotencyMismatch }
        return earlier.id
    }

    /// Gives a key back, now that the journal knows it or the request failed.
    nonisolated func release(_ key: String) { table.withLock { $0.keys[key] = nil } }

    /// Refuses new runs, gives those that are active so long to end, and then has them leave their journals as they are.
    func close(grace: Duration, engine: EngineEnvironment) async {
        table.withLock { $0.isClosing = true }
        let token = engine.deadlines.schedule(at: engine.clock.now.advanced(by: grace)) { [weak self] in
            // A child of nothing: it only delivers the message.
            Task(executorPreference: engine.executor) { await self?.suspendAll() }
        }
        await waitUntilIdle()
        engine.deadlines.cancel(token)
    }

    private func suspendAll() {
        for run in table.withLock({ $0.live.values.sorted { $0.sequence < $1.sequence } }) { run.inbox.send(.suspend) }
    }

    private nonisolated func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = table.withLock { table in
                if !table.live.isEmpty { table.idle.append(continuation) }
                return table.live.isEmpty
            }
            if isIdle { continuation.resume() }
        }
    }
}

extension JobStore {
    /// The live run of that id.
    nonisolated func live(_ id: WorkflowID) -> LiveRun? { table.withLock { $0.live[id] } }

    /// The state of a run that is live or ended lately, without waiting.
    public nonisolated func snapshot(of id: WorkflowID) -> RunSnapshot? {
        let found = table.withLock { table -> (LiveRun?, RunSnapshot?) in
            if let run = table.live[id] { return (run, nil) }
            return (nil, table.durable[id]?.snapshot ?? table.volatile[id]?.snapshot)
        }
        return found.0?.snapshot ?? found.1
    }

    /// The journal of a finished run that is kept in memory alone.
    nonisolated func volatileEvents(of id: WorkflowID) -> [RunEvent]? { table.withLock { $0.volatile[id]?.events } }

    /// The runs that the journal does not know of.
    nonisolated var volatileRuns: [RunSnapshot] {
        let (live, finished) = table.withLock { table in
            (table.live.values.filter { $0.durability == .none }, table.volatile.all.map(\.snapshot))
        }
        return live.compactMap(\.snapshot) + finished
    }

    /// How many runs are active.
    public nonisolated var activeRuns: Int { table.withLock { $0.live.count } }
}
