import FlowCore
import Synchronization

/// One run as the engine hands it to a backend.
final class RunSession: WorkflowRun {
    let id: WorkflowID
    let workflow: Workflow
    private let live: LiveRun
    private let engine: EngineEnvironment
    /// Where the first drive takes up the run; a later one, by a backend that drives in parts, folds the live state.
    private let start: Mutex<Start?>
    private let initial: WorkflowContext

    struct Start: Sendable {
        let context: WorkflowContext
        let idempotency: IdempotencyRecord?
        let isNew: Bool
    }

    init(live: LiveRun, engine: EngineEnvironment, start: Start) {
        id = start.context.id
        workflow = start.context.graph.workflow
        self.live = live
        self.engine = engine
        self.start = Mutex(start)
        initial = start.context
    }

    var context: WorkflowContext {
        get async { live.snapshot?.context ?? initial }
    }

    /// Whether the run has ended.
    var isFinished: Bool { live.isFinished }

    /// The state of the run that is on disk.
    var durableContext: WorkflowContext? { live.snapshot?.context }

    func drive(on backend: any Backend) async throws(BackendError) {
        guard let start = start.withLock({ $0.take() }) ?? resumed() else {
            throw BackendError(.unavailable, backend: backend.name, "the run is not there")
        }
        var recorder = RunRecorder(live: live, journal: engine.journal, clock: engine.clock, resuming: start.context)
        if start.isNew { recorder.begin(start.context, idempotency: start.idempotency) }
        var driver = RunDriver(
            live: live, engine: engine, backend: backend,
            planner: Planner(
                start.context,
                limits: PlannerLimits(
                    parallelNodes: engine.limits.parallelNodes, nodes: engine.limits.runNodes,
                    retry: engine.limits.retry)), recorder: recorder)
        try await driver.drive()
    }

    private func resumed() -> Start? {
        live.snapshot.map { Start(context: $0.context, idempotency: nil, isNew: false) }
    }
}
