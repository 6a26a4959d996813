import FlowCore
import FlowJSON
import FlowSystem
import Logging
import Synchronization

/// Keeps so many processes running.
final class BridgePool: Sendable {
    /// How long a process may take until it is ready.
    private static let startTime: Duration = .seconds(60)
    /// The longest wait before another start.
    private static let longestWait: Duration = .seconds(30)
    /// One that has lived so long was sound.
    private static let soundLife: Duration = .seconds(30)
    /// How long a node waits for a process that starts.
    private static let patience: Duration = .seconds(10)
    /// How long processes have to end when they are asked to.
    private static let stopTime: Duration = .seconds(2)
    /// How often it is looked whether a process lives.
    private static let pulse: Duration = .seconds(1)

    private struct State: Sendable {
        /// The process of each place.
        var workers: [BridgeWorker?]
        /// Those that were replaced and still have work.
        var retired: [ObjectIdentifier: BridgeWorker] = [:]
        var hello: BridgeWorker.Hello?
        var trouble: String?
        var restarts = 0
        var isStopped = false
        var tasks: [Task<Void, Never>] = []
        var firstNews: [CheckedContinuation<Void, Never>] = []
        var hasNews = false
    }

    private let launch: BridgeWorker.Launch
    private let clock: any WallClock
    private let logger: Logger
    private let native: @Sendable () -> (any Backend)?
    private let state: Mutex<State>

    init(
        _ launch: BridgeWorker.Launch, count: Int, native: @escaping @Sendable () -> (any Backend)?,
        clock: any WallClock,
        logger: Logger
    ) {
        self.clock = clock
        self.launch = launch
        self.native = native
        self.logger = logger
        state = Mutex(State(workers: Array(repeating: nil, count: count)))
    }

    /// Starts the first process, whose readiness starts the others, and goes on watching them.
    func start() {
        state.withLock { state in
            // Unstructured, since they live as long as the backend, whose shutdown ends them.
            state.tasks = [Task { await keep(0) }]
        }
    }

    /// Waits until one process is ready, or it is known why none is, but no longer than this.
    func waitForNews(within time: Duration) async {
        let limit = Task {
            try await clock.sleep(for: time)
            releaseWaiters()
        }
        defer { limit.cancel() }
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                if !state.hasNews { state.firstNews.append(continuation) }
                return state.hasNews
            }
            if isKnown { continuation.resume() }
        }
    }

    private func releaseWaiters() {
        let waiters = state.withLock { state in
            state.hasNews = true
            defer { state.firstNews = [] }
            return state.firstNews
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The process that has least to do; `nil` when none is ready.
    func pick() -> BridgeWorker? {
        let workers = state.withLock { $0.workers }
        var best: (worker: BridgeWorker, load: Int)?
        for case let worker? in workers where worker.isReady {
            let load = worker.load
            if best.map({ load < $0.load }) ?? true { best = (worker, load) }
            if load == 0 { break }
        }
        return best?.worker
    }

    /// The process that has least to do. While one starts of which nothing bad is known it is waited for.
    func pickPatiently() async -> BridgeWorker? {
        if let worker = pick() { return worker }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline, state.withLock({ $0.trouble == nil && !$0.isStopped }) {
            // A cancelled sleep ends at once: whoever was cancelled waits no longer.
            do { try await clock.sleep(for: .milliseconds(5)) } catch { return nil }
            if let worker = pick() { return worker }
        }
        return nil
    }

    /// What the processes run on, once one was ready.
    var hello: BridgeWorker.Hello? { state.withLock { $0.hello } }

    /// Why no process is ready.
    var trouble: String { state.withLock { $0.trouble } ?? "the Python processes are starting" }

    /// How many processes have been started in place of others: what was known of those need not hold any more.
    var starts: Int { state.withLock { $0.restarts } }

    /// How the processes are.
    var details: JSONObject {
        let (workers, restarts) = state.withLock { ($0.workers, $0.restarts) }
        return [
            "workers": .array(
                workers.map { worker in
                    guard let worker else { return ["state": "down"] }
                    return [
                        "pid": worker.identifier.map { .integer(Int64($0)) } ?? .null,
                        "state": worker.isReady ? "ready" : "starting", "in_flight": .integer(Int64(worker.load)),
                    ]
                }), "restarts": .integer(Int64(restarts)),
        ]
    }

    /// Ends all processes.
    func stop() async {
        let (tasks, workers) = state.withLock { state in
            state.isStopped = true
            defer { state.tasks = [] }
            return (state.tasks, state.workers.compactMap(\.self) + Array(state.retired.values))
        }
        for worker in workers { worker.stop() }
        let deadline = ContinuousClock.now + Self.stopTime
        while ContinuousClock.now < deadline, workers.contains(where: { !$0.hasEnded }) {
            // A cancelled task must not spin here.
            await Task { try? await clock.sleep(for: .milliseconds(10)) }.value
        }
        for worker in workers where !worker.hasEnded { worker.kill("the backend is shut down") }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    // MARK: Supervision

    /// Has a process in a place, over and over.
    private func keep(_ place: Int) async {
        var failures = 0
        while !state.withLock({ $0.isStopped }), !Task.isCancelled {
            let start = ContinuousClock.now
            let wasReady = await live(place)
            if state.withLock({ $0.isStopped }) { return }
            failures = wasReady && ContinuousClock.now - start > Self.soundLife ? 0 : failures + 1
            // The first one that dies is replaced at once.
            if failures > 1 || !wasReady {
                let wait = min(Duration.milliseconds(100 << min(failures, 9)), Self.longestWait)
                try? await clock.sleep(for: wait)
            }
            state.withLock { $0.restarts += 1 }
        }
    }

    /// Goes through the life of one process, until it has ended or another is to take its place.
    ///
    /// - Returns: whether it was ready once.
    private func live(_ place: Int) async -> Bool {
        let (changes, continuation) = AsyncStream.makeStream(of: BridgeWorker.Change.self)
        let worker = BridgeWorker(launch, native: native, clock: clock, logger: logger) { [weak self] worker, change in
            if case .ended = change { self?.state.withLock { $0.retired[ObjectIdentifier(worker)] = nil } }
            continuation.yield(change)
        }
        let mayStart = state.withLock { state in
            if !state.isStopped { state.workers[place] = worker }
            return !state.isStopped
        }
        guard mayStart else { return false }
        defer { state.withLock { $0.workers[place] = nil } }
        do throws(LineProcess.StartFailure) { try worker.start() } catch {
            let trouble = "Python cannot be started as \"\(launch.python)\": \(error). \(Self.remedy)"
            logger.error(
                "a Python process cannot be started", metadata: ["backend": "\(launch.backend)", "reason": "\(error)"])
            learn(trouble)
            return false
        }
        let pulse = Task {
            let deadline = ContinuousClock.now + Self.startTime
            while !Task.isCancelled {
                try await clock.sleep(for: Self.pulse)
                if worker.isReady {
                    worker.checkPulse()
                } else if ContinuousClock.now > deadline {
                    worker.kill("it was not ready after \(DurationText.text(Self.startTime))")
                }
            }
        }
        defer { pulse.cancel() }
        return await withTaskCancellationHandler {
            await follow(worker, changes)
        } onCancel: {
            worker.kill("the backend is shut down")
        }
    }

    private func follow(_ worker: BridgeWorker, _ changes: AsyncStream<BridgeWorker.Change>) async -> Bool {
        var wasReady = false
        var refusal: String?
        for await change in changes {
            switch change {
            case .ready(let hello):
                wasReady = true
                logger.info(
                    "a Python process is ready",
                    metadata: [
                        "backend": "\(launch.backend)", "pid": "\(worker.identifier ?? 0)",
                        "python": "\(hello.python)", "langchain_core": "\(hello.langchain)",
                    ])
                learn(nil, hello)
            case .refused(let reason, _):
                refusal = "\(launch.python): \(reason). \(Self.remedy)"
            case .retired:
                state.withLock { state in
                    if !worker.hasEnded { state.retired[ObjectIdentifier(worker)] = worker }
                }
                return wasReady
            case .ended(let reason):
                let isStopped = state.withLock { $0.isStopped }
                if !isStopped {
                    logger.error(
                        "a Python process ended",
                        metadata: ["backend": "\(launch.backend)", "reason": "\(refusal ?? reason)"])
                    learn(refusal ?? "the Python process ended: \(reason)")
                }
                return wasReady
            }
        }
        return wasReady
    }

    /// What mends an interpreter that does not do.
    private static let remedy =
        "Make an environment with scripts/langchain.sh, or with python3 -m venv DIR && DIR/bin/pip install langchain-core, and name its bin/python in the registration's \"python\""

    private func learn(_ trouble: String?, _ hello: BridgeWorker.Hello? = nil) {
        let others = state.withLock { state -> [Int] in
            state.trouble = trouble
            guard let hello, !state.isStopped else { return [] }
            defer { state.hello = hello }
            return state.hello == nil ? Array(state.workers.indices.dropFirst()) : []
        }
        // What one of them cannot do the others cannot either, so they come only when it has shown that it can.
        let tasks = others.map { place in Task { await keep(place) } }
        state.withLock { $0.tasks += tasks }
        releaseWaiters()
    }
}
