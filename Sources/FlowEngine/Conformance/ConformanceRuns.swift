public import FlowCore
public import Logging
import Synchronization

/// Tries backends in the cases of a suite, one run of each backend at a time, and keeps what came of that.
public final class ConformanceRuns: Sendable {
    /// So many runs of each backend are kept.
    static let kept = 50

    private struct State: Sendable {
        var live: [BackendName: LiveConformanceRun] = [:]
        /// Backends whose run is on its way to the store.
        var coming: Set<BackendName> = []
        var isClosing = false
    }

    private enum Room {
        case free
        case taken
        case full
        case closing
    }

    private let registry: BackendRegistry
    private let judge: any ConformanceJudge
    private let archive: ConformanceArchive
    private let clock: any WallClock
    private let secrets: (any SecretSource)?
    private let limit: Int
    private let makeID: @Sendable (Timestamp) -> WorkflowID
    private let state = Mutex(State())
    /// What has to be through before the store may be closed.
    private let work = UseCount()

    /// Makes it.
    ///
    /// - Parameters:
    ///   - limit: How many runs are made at the same time.
    ///   - secrets: What must not show in what is kept of answers.
    ///   - makeID: Makes the id of a run that begins at an instant.
    public init(
        registry: BackendRegistry, judge: any ConformanceJudge, store: any ConformanceStore, clock: any WallClock,
        logger: Logger, limit: Int = EngineLimits().conformanceRuns, secrets: (any SecretSource)? = nil,
        makeID: @escaping @Sendable (Timestamp) -> WorkflowID
    ) {
        self.registry = registry
        self.judge = judge
        archive = ConformanceArchive(store: store, clock: clock, logger: logger)
        self.clock = clock
        self.limit = limit
        self.secrets = secrets
        self.makeID = makeID
    }

    /// Ends what a crash has left, and has the backends know what was proven of them before. Called once the registry has
    /// its backends.
    func open() async throws(JournalError) {
        try await archive.store.interruptConformanceRuns(at: clock.now)
        for known in try await archive.store.currentConformance() {
            registry.backend(known.last.backend)?.learned(known.last, proven: known.proven)
        }
    }

    /// Begins a run.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` while the backend has another one, ``ServiceError/overloaded(_:retryAfter:)``
    ///   while as many are made as may be.
    public func begin(_ wish: ConformanceWish, on name: BackendName) async throws(ServiceError) -> ConformanceRun {
        guard registry.backend(name) != nil else { throw .notFound("there is no backend \"\(name)\"") }
        let issues = judge.issues(in: wish)
        guard issues.isEmpty else { throw .invalid(issues) }
        // What is judged is what is stored as judged: the name gets no other registration between the two.
        return try await registry.hold(name) { backend async throws(ServiceError) in
            try await begin(wish, name, on: backend)
        }
    }

    private func begin(
        _ wish: ConformanceWish, _ name: BackendName, on backend: RegisteredBackend
    ) async throws(ServiceError) -> ConformanceRun {
        let room = state.withLock { state -> Room in
            guard !state.isClosing else { return .closing }
            guard state.live[name] == nil, !state.coming.contains(name) else { return .taken }
            guard state.live.count + state.coming.count < limit else { return .full }
            state.coming.insert(name)
            work.acquire()
            return .free
        }
        switch room {
        case .closing: throw Self.closing
        case .taken: throw .conflict("a conformance run of \"\(name)\" is under way; one is made at a time")
        case .full:
            throw .overloaded("\(limit) conformance runs are under way, which is the limit", retryAfter: .seconds(10))
        case .free: break
        }
        defer { state.withLock { _ = $0.coming.remove(name) } }
        var users: [RegisteredBackend] = []
        do throws(ServiceError) {
            guard registry.acquire(name, into: &users) else {
                throw .unavailable("the backend \"\(name)\" is being removed")
            }
            let now = clock.now
            var run = ConformanceRun(
                id: makeID(now).rawValue, backend: name, level: wish.level, only: wish.only, total: judge.count(wish),
                startedAt: now)
            run.opensGates = wish.opensGates
            run.sequence = try await archive.begin(run, keeping: Self.kept)
            let live = LiveConformanceRun(run, of: backend)
            let isClosing = state.withLock { state in
                if !state.isClosing { state.live[name] = live }
                return state.isClosing
            }
            // A stop that came meanwhile has not seen it.
            if isClosing {
                await cancel(live)
                throw Self.closing
            }
            carryOut(live, wish, users)
            return run
        } catch {
            for user in users { user.release() }
            work.release()
            throw error
        }
    }

    private static let closing = ServiceError.unavailable("the server is going down")

    /// Has the cases be tried, and gives back what the run holds when it has ended.
    private func carryOut(_ live: LiveConformanceRun, _ wish: ConformanceWish, _ users: [RegisteredBackend]) {
        // Unstructured, since a run outlives the request that began it; the live run owns the task and cancels it at a stop.
        let task = Task { [self] in
            await carryOut(live, wish)
            let name = live.run.backend
            state.withLock { state in
                if state.live[name] === live { state.live[name] = nil }
            }
            for user in users { user.release() }
            live.tell()
            work.release()
        }
        live.take(task)
    }

    private func carryOut(_ live: LiveConformanceRun, _ wish: ConformanceWish) async {
        var fault: String?
        do {
            let redaction = ConformanceText.Redaction { [secrets] in secrets?.redacted($0) ?? $0 }
            try await ConformanceText.$redaction.withValue(redaction) {
                for try await var result in judge.results(of: live.backend.backend, wish) {
                    result.detail = secrets?.redacted(result.detail) ?? result.detail
                    live.append(result)
                }
            }
        } catch {
            fault = secrets?.redacted("\(error)") ?? "\(error)"
        }
        let report = ConformanceReport(live.results)
        let now = clock.now
        let ended = live.end(cancelling: false) { [fault] run in
            run.report = report
            run.error = fault
            run.status = fault == nil && report.hasPassed ? .passed : .failed
            run.endedAt = now
        }
        if let ended { await archive.keep(ended, of: live.backend) }
    }

    /// A run whose results are in the order of the cases, rather than in that in which they came.
    public func ordered(_ run: ConformanceRun) -> ConformanceRun {
        var run = run
        run.report = judge.report(of: run.report.results)
        return run
    }

    /// The run while it goes on.
    public func live(_ id: String, of name: BackendName) -> LiveConformanceRun? {
        state.withLock { $0.live[name] }.flatMap { $0.run.id == id ? $0 : nil }
    }

    /// A run.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when the backend has none of that id.
    public func load(_ id: String, of name: BackendName) async throws(ServiceError) -> ConformanceRun {
        if let live = live(id, of: name) { return live.run }
        if let run = archive.waiting(of: name), run.id == id { return run }
        let run: ConformanceRun?
        do { run = try await archive.store.conformanceRun(id, of: name) } catch { throw ServiceError(error) }
        guard let run else { throw .notFound("the backend \"\(name)\" has no conformance run \"\(id)\"") }
        return run
    }

    /// Some runs of a backend, newest first, without their cases.
    ///
    /// - Returns: the runs, and where the next page begins; `nil` on the last.
    public func list(
        _ name: BackendName, before sequence: Int64?, limit: Int
    ) async throws(ServiceError) -> (runs: [ConformanceRun], next: Int64?) {
        var found: [ConformanceRun]
        do { found = try await archive.store.conformanceRuns(of: name, before: sequence, limit: limit + 1) } catch {
            throw ServiceError(error)
        }
        for known in [archive.waiting(of: name), state.withLock { $0.live[name] }?.run].compactMap(\.self) {
            if let index = found.firstIndex(where: { $0.id == known.id }) { found[index] = known }
        }
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.sequence : nil)
    }

    /// Ends all runs, begins no more, and waits until what there is to tell of them is stored: the server is going down.
    func stop() async {
        let live = state.withLock { state in
            state.isClosing = true
            return state.live.values
        }
        for run in live { await cancel(run) }
        await work.idle()
        await archive.close()
    }

    /// Ends a run, unless it has ended by itself.
    private func cancel(_ live: LiveConformanceRun) async {
        let results = live.results
        let now = clock.now
        let ended = live.end(cancelling: true) { run in
            run.report = ConformanceReport(results)
            run.status = .cancelled
            run.endedAt = now
        }
        // One that has ended by itself tells that when it is stored.
        guard let ended else { return }
        await archive.keep(ended, of: live.backend)
        live.tell()
    }
}
