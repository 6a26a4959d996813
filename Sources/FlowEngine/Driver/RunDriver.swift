import FlowCore
import FlowJSON

/// Carries a planner's decisions out through a backend and journals what happened.
///
/// Quick pure nodes are computed right here, one after the other, and journaled together. Every other node waits until
/// its start is on disk, so that no effect happens which the journal does not know of, and then runs in a task of its
/// own.
struct RunDriver {
    /// After this many events that wait for the journal the driver lets others have the thread, and shows its progress.
    static let inlineEvents = 1024
    /// The same after so many bytes of outputs.
    static let inlineBytes = 4 << 20

    let live: LiveRun
    let engine: EngineEnvironment
    /// Where the run is driven; `nil` leaves it to the system.
    let executor: (any TaskExecutor)?
    let backend: any Backend
    let information: RunInformation
    var planner: Planner
    var recorder: RunRecorder
    var children: [NodeID: RunningNode] = [:]
    var launches: [NodeID] = []
    /// Whether the run is left as it is, for another server or a later start to go on with.
    private(set) lazy var departure = Departure()
    /// The size of all outputs, written inputs and items so far, and what it was when events were last sent to the journal.
    var outputBytes = 0
    private var flushedBytes = 0
    var introductions: Introductions
    private var tick: (instant: Timestamp, token: Deadlines.Token)?
    /// The time as of the last event or message: nothing that the planner asks about happens between.
    var now: Timestamp

    init(
        live: LiveRun, engine: EngineEnvironment, executor: (any TaskExecutor)?, backend: any Backend,
        planner: consuming Planner, recorder: consuming RunRecorder
    ) {
        self.live = live
        self.engine = engine
        self.executor = executor
        self.backend = backend
        self.planner = planner
        self.recorder = recorder
        information = RunInformation(self.planner.context)
        introductions = Introductions(of: backend.name, engine.identities)
        now = engine.clock.now
        // A run that is taken up again has used some of its room.
        for index in self.planner.context.nodes.indices {
            guard let output = self.planner.context.nodes[index].outputData else { continue }
            outputBytes += JSONMeasure.size(of: output, maxBytes: engine.limits.runBytes).bytes
        }
    }

    /// Why a run does not go on by itself.
    enum Pause: Sendable {
        /// It has ended, or another backend shall go on with it.
        case over
        /// Nodes have to be launched, or nothing happens before a message or an instant.
        case wait(Timestamp?)
        /// An attempt has to be computed.
        case compute(InlineNode)
        /// Others shall have the thread.
        case yield
    }

    /// Drives the run to its end, or until another backend shall go on with it.
    ///
    /// - Parameter begun: What came of ``advance()``; `nil` when the run begins here.
    /// - Throws: ``BackendError`` when the run has to be left unfinished: the server goes down, or its journal fails.
    nonisolated(nonsending) mutating func drive(
        from begun: Result<Pause, BackendError>? = nil
    ) async throws(BackendError) {
        defer { leave() }
        var pause: Pause
        if let begun {
            pause = try begun.get()
        } else {
            try take(live.inbox.drain())
            pause = try advance()
        }
        while true {
            switch pause {
            case .over:
                recorder.flush(planner.context)
                return try await durable()
            case .wait(let instant):
                if launches.isEmpty {
                    recorder.flush(planner.context)
                    try await receive(until: instant)
                } else {
                    try await launch()
                }
            case .compute(let node): await compute(node)
            case .yield: try await yield()
            }
            pause = try advance()
        }
    }

    /// Goes on with the run as far as nothing has to be waited for.
    mutating func advance() throws(BackendError) -> Pause {
        while recorder.count <= Self.inlineEvents, outputBytes - flushedBytes <= Self.inlineBytes {
            switch planner.next(now: now) {
            case .startWorkflow: record(.workflowStarted, at: now)
            case .startNode(let id, let attempt):
                if let node = try start(id, attempt: attempt) { return .compute(node) }
            case .cancelNode(let id): cancel(id)
            case .skipNode(let id): record(.nodeSkipped(id), at: now)
            case .completeNode(let id, let output, let notes): complete(id, output, notes)
            case .failNode(let id, let failure): fail(id, failure)
            case .interruptNode(let id, let interrupt): self.interrupt(id, interrupt)
            case .startIteration(let id, let index, let item):
                startIteration(id, index, item)
            case .endIteration(let id, let index, let outcome):
                let ended = admit(outcome)
                record(.iterationEnded(id, index: index, ended))
                if case .failed = ended { endLostChildren() }
            case .interruptWorkflow: record(.workflowInterrupted)
            case .completeWorkflow(let output):
                let failure = output.flatMap { admit($0) }
                record(failure.map { .workflowFailed($0) } ?? .workflowCompleted(output: output), at: now)
            case .failWorkflow(let failure): record(.workflowFailed(failure))
            case .cancelWorkflow(let reason): record(.workflowCancelled(reason: reason))
            case .wait(let instant): return .wait(instant)
            case .handOver, .stop: return .over
            }
        }
        return .yield
    }

    /// Lets others have the thread, and shows progress, after so many steps that nothing had to be waited for.
    private nonisolated(nonsending) mutating func yield() async throws(BackendError) {
        flushedBytes = outputBytes
        recorder.flush(planner.context)
        await Task.yield()
        now = max(now, engine.clock.now)
        try take(live.inbox.drain())
    }

    /// Records what happened.
    ///
    /// - Parameter time: When, if it happened right behind what was recorded or received before, whose time is ``now``.
    mutating func record(_ kind: RunEvent.Kind, at time: Timestamp? = nil) {
        recorder.record(kind, at: time, for: &planner)
        now = recorder.lastTime
    }

    /// Starts the tasks of nodes whose start has been recorded, once that is on disk.
    private nonisolated(nonsending) mutating func launch() async throws(BackendError) {
        recorder.flush(planner.context)
        try await durable()
        for id in launches { run(id) }
        launches = []
        now = max(now, engine.clock.now)
    }

    /// Waits until all that was recorded is as durable as the run asks for.
    private nonisolated(nonsending) func durable() async throws(BackendError) {
        let position = planner.context.position
        await live.wait(for: position, until: nil, deadlines: engine.deadlines)
        if let failure = live.failure { throw unavailable(failure.description) }
        guard live.position >= position else { throw BackendError(.cancelled, backend: backend.name, "cancelled") }
    }

    private nonisolated(nonsending) mutating func receive(until instant: Timestamp?) async throws(BackendError) {
        if let instant, tick?.instant != instant {
            if let tick { engine.deadlines.cancel(tick.token) }
            let token = engine.deadlines.schedule(at: instant) { [inbox = live.inbox] in inbox.send(.tick) }
            tick = (instant, token)
        }
        let messages = await live.inbox.receive()
        now = max(now, engine.clock.now)
        try take(messages)
    }

    private mutating func take(_ messages: [RunInbox.Message]) throws(BackendError) {
        for (index, message) in messages.enumerated() {
            do {
                try take(message)
            } catch {
                // The inbox has these no more, and so does not answer them when it is closed.
                for case .command(_, let reply) in messages[(index + 1)...] { reply.give(.gone) }
                throw error
            }
        }
    }

    private mutating func take(_ message: RunInbox.Message) throws(BackendError) {
        switch message {
        case .ended(let id, let attempt, let result):
            guard children[id]?.attempt == attempt else { return }
            finish(id, attempt: attempt, result)
        case .timedOut(let id, let attempt): timeOut(id, attempt: attempt)
        case .abandoned(let id, let attempt):
            guard children[id]?.attempt == attempt else { return }
            forget(id)
            record(.nodeCancelled(id, attempt: attempt))
        case .chunk(let id, let attempt, let value): emit(id, attempt: attempt, value)
        case .switched(let id, let attempt, let change):
            if children[id]?.attempt == attempt { record(change, of: id, attempt: attempt) }
        case .command(let command, let reply): reply.give(obey(command))
        case .tick: tick = nil
        case .suspend: throw unavailable("the server is going down")
        }
    }

    func unavailable(_ message: String) -> BackendError { BackendError(.unavailable, backend: backend.name, message) }

    /// Stops whatever still runs; the journal knows those attempts as begun, and they are made again.
    mutating func leave() {
        // What is known to have ended is not to be done again, whatever the reason to leave is.
        recorder.flush(planner.context)
        if let tick { engine.deadlines.cancel(tick.token) }
        switch planner.context.status {
        case .completed: break
        case .failed, .cancelled: endLostChildren()
        default: departure.begin()
        }
        for id in children.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            children[id]?.task?.cancel()
            forget(id)
        }
    }
}
