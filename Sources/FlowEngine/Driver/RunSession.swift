import FlowCore
import Synchronization

/// One run as the engine hands it to a backend.
final class RunSession: WorkflowRun {
    let id: WorkflowID
    private let live: LiveRun
    private let engine: EngineEnvironment
    /// Where the first drive takes up the run; a later one, by a backend that drives in parts, folds the live state.
    private let start: Mutex<Start?>
    private let constants: RunConstants
    /// Where the run is driven; `nil` leaves it to the system.
    let executor: (any TaskExecutor)?

    /// How a run begins.
    enum Start: Sendable {
        /// With its submission, and the client's key for it.
        case new(IdempotencyRecord?)
        /// Where its journal left off.
        case resumed(WorkflowContext)
        /// Where it has paused, or why it cannot go on.
        case begun(RunDriver, Result<RunDriver.Pause, BackendError>)
    }

    var workflow: Workflow { constants.graph.workflow }

    /// - Parameter executor: Where the run is driven, if not where the engine's own work is done.
    init(
        live: LiveRun, engine: EngineEnvironment, run constants: RunConstants, start: Start,
        executor: (any TaskExecutor)? = nil
    ) {
        self.executor = executor ?? engine.executor
        id = constants.id
        self.live = live
        self.engine = engine
        self.start = Mutex(start)
        self.constants = constants
    }

    var context: WorkflowContext {
        get async { live.snapshot?.context ?? WorkflowContext(constants) }
    }

    /// Whether the run has ended.
    var isFinished: Bool { live.isFinished }

    /// The state of the run that is on disk.
    var durableContext: WorkflowContext? { live.snapshot?.context }

    nonisolated(nonsending) func drive(on backend: any Backend) async throws(BackendError) {
        var (driver, pause) = try self.driver(start.withLock { $0.take() }, on: backend)
        try await driver.drive(from: pause)
    }

    /// Drives a run of which no journal knows as far as nothing has to be waited for; ``drive(on:)`` goes on with what is
    /// left.
    ///
    /// - Returns: whether the run has ended.
    func driveAtOnce(on backend: any Backend) -> Bool {
        guard live.durability == .none, let first = start.withLock({ $0.take() }),
            var (driver, _) = try? self.driver(first, on: backend)
        else { return false }
        let pause: Result<RunDriver.Pause, BackendError>
        do throws(BackendError) { pause = .success(try driver.advance()) } catch { pause = .failure(error) }
        if case .success(.over) = pause {
            driver.leave()
            return live.isFinished
        }
        start.withLock { $0 = .begun(driver, pause) }
        return false
    }

    private func driver(
        _ start: Start?, on backend: any Backend
    ) throws(BackendError) -> (RunDriver, Result<RunDriver.Pause, BackendError>?) {
        let context: WorkflowContext
        var isNew: IdempotencyRecord??
        switch start {
        case .new(let idempotency):
            context = WorkflowContext(constants)
            isNew = .some(idempotency)
        case .resumed(let folded): context = folded
        case .begun(let driver, let pause): return (driver, pause)
        case nil:
            guard let durable = durableContext else {
                throw BackendError(.unavailable, backend: backend.name, "the run is not there")
            }
            context = durable
        }
        var recorder = RunRecorder(live: live, journal: engine.journal, clock: engine.clock, resuming: context)
        if let isNew { recorder.begin(constants, idempotency: isNew) }
        let driver = RunDriver(
            live: live, engine: engine, executor: executor, backend: backend,
            planner: Planner(
                consume context,
                limits: PlannerLimits(
                    parallelNodes: engine.limits.parallelNodes, nodes: engine.limits.runNodes,
                    retry: engine.limits.retry)), recorder: consume recorder)
        return (driver, nil)
    }
}
