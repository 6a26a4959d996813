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

    private let registry: BackendRegistry
    private let judge: any ConformanceJudge
    private let store: any ConformanceStore
    private let clock: any WallClock
    private let secrets: (any SecretSource)?
    private let logger: Logger
    private let makeID: @Sendable (Timestamp) -> WorkflowID
    private let state = Mutex(State())

    /// Makes it.
    ///
    /// - Parameters:
    ///   - secrets: What must not show in what is kept of answers.
    ///   - makeID: Makes the id of a run that begins at an instant.
    public init(
        registry: BackendRegistry, judge: any ConformanceJudge, store: any ConformanceStore, clock: any WallClock,
        logger: Logger, secrets: (any SecretSource)? = nil, makeID: @escaping @Sendable (Timestamp) -> WorkflowID
    ) {
        self.registry = registry
        self.judge = judge
        self.store = store
        self.clock = clock
        self.logger = logger
        self.secrets = secrets
        self.makeID = makeID
    }

    /// Ends what a crash has left, and has the backends know what was proven of them before. Called once the registry has
    /// its backends.
    func open() async throws(JournalError) {
        try await store.interruptConformanceRuns(at: clock.now)
        for known in try await store.currentConformance() {
            registry.backend(known.last.backend)?.learned(known.last, proven: known.proven)
        }
    }

    /// Begins a run.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` while the backend has another one.
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
        let isFree = state.withLock { state -> Bool? in
            guard !state.isClosing else { return nil }
            return state.live[name] == nil && state.coming.insert(name).inserted
        }
        guard let isFree else { throw .unavailable("the server is going down") }
        guard isFree else { throw .conflict("a conformance run of \"\(name)\" is under way; one is made at a time") }
        defer { state.withLock { _ = $0.coming.remove(name) } }
        var users: [RegisteredBackend] = []
        guard registry.acquire(name, into: &users) else {
            for user in users { user.release() }
            throw .unavailable("the backend \"\(name)\" is being removed")
        }
        let now = clock.now
        var run = ConformanceRun(
            id: makeID(now).rawValue, backend: name, level: wish.level, only: wish.only, total: judge.count(wish),
            startedAt: now)
        do { run.sequence = try await store.begin(run, keeping: Self.kept) } catch {
            for user in users { user.release() }
            throw ServiceError(error)
        }
        let live = LiveConformanceRun(run)
        state.withLock { $0.live[name] = live }
        // Unstructured, since a run outlives the request that began it; the live run owns the task and cancels it at a stop.
        let task = Task { [self, users] in
            await carryOut(live, wish, on: backend)
            state.withLock { state in
                if state.live[name] === live { state.live[name] = nil }
            }
            for user in users { user.release() }
            live.tell()
        }
        live.take(task)
        return run
    }

    private func carryOut(_ live: LiveConformanceRun, _ wish: ConformanceWish, on backend: RegisteredBackend) async {
        var fault: String?
        do {
            try await ConformanceText.$redact.withValue({ [secrets] in secrets?.redacted($0) ?? $0 }) {
                for try await var result in judge.results(of: backend.backend, wish) {
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
        if let ended { await keep(ended, of: backend) }
    }

    private func keep(_ run: ConformanceRun, of backend: RegisteredBackend) async {
        backend.learned(run, proven: run.proven)
        do { try await store.end(run) } catch {
            logger.error(
                "conformance run could not be stored", metadata: ["backend": "\(run.backend)", "error": "\(error)"])
        }
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
        let run: ConformanceRun?
        do { run = try await store.conformanceRun(id, of: name) } catch { throw ServiceError(error) }
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
        do { found = try await store.conformanceRuns(of: name, before: sequence, limit: limit + 1) } catch {
            throw ServiceError(error)
        }
        let live = state.withLock { $0.live[name] }?.run
        if let live, let index = found.firstIndex(where: { $0.id == live.id }) { found[index] = live }
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.sequence : nil)
    }

    /// Ends all runs: the server is going down.
    func stop() async {
        let live = state.withLock { state in
            state.isClosing = true
            return state.live
        }
        let now = clock.now
        for (name, run) in live {
            let results = run.results
            let ended = run.end(cancelling: true) { run in
                run.report = ConformanceReport(results)
                run.status = .cancelled
                run.endedAt = now
            }
            if let ended, let backend = registry.backend(name) { await keep(ended, of: backend) }
            run.tell()
        }
    }
}
