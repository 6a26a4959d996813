import FlowCore

/// Turns what a driver does into journaled events, in batches.
///
/// Events gather here until somebody has to rely on them; then they go to the journal as one write.
struct RunRecorder {
    private let live: LiveRun
    private let journal: any Journal
    private let clock: any WallClock
    private var pending: [RunEvent] = []
    /// The run whose submission is pending, for the journal's reader side.
    private var fresh: RunConstants?
    private var idempotency: IdempotencyRecord?
    private var position: Int
    /// The time of the last event.
    private(set) var lastTime: Timestamp

    init(live: LiveRun, journal: any Journal, clock: any WallClock, resuming context: WorkflowContext) {
        self.live = live
        self.journal = journal
        self.clock = clock
        position = context.position
        lastTime = context.lastEventAt
    }

    /// Begins the journal of a new run with its submission.
    mutating func begin(_ run: RunConstants, idempotency: IdempotencyRecord?) {
        pending.reserveCapacity(2 * run.graph.workflow.nodes.count + 3)
        pending.append(RunEvent(position: 1, time: run.submittedAt, kind: .workflowSubmitted(run.submission)))
        fresh = run
        self.idempotency = idempotency
    }

    /// How many events wait to be written.
    var count: Int { pending.count }

    /// Makes the next event. Times never run backwards within a run, whatever the wall clock does.
    ///
    /// - Parameters:
    ///   - time: When it happens, if that is known.
    ///   - planner: Takes the event in.
    mutating func record(_ kind: consuming RunEvent.Kind, at time: Timestamp?, for planner: inout Planner) {
        position += 1
        lastTime = max(lastTime, time ?? clock.now)
        pending.append(RunEvent(position: position, time: lastTime, kind: kind))
        planner.apply(pending[pending.count - 1])
    }

    /// Sends what waits to the journal, without waiting for the disk.
    ///
    /// - Parameter context: The state after the last event.
    mutating func flush(_ context: WorkflowContext) {
        guard let first = pending.first else { return }
        let events = pending
        let fresh = self.fresh
        let final = context.status.isFinished ? RunSnapshot(context, sequence: live.sequence) : nil
        pending = []
        self.fresh = nil
        guard live.durability == .full else {
            live.committed(events, fresh: fresh, final: final)
            return
        }
        let batch = JournalBatch(
            entry: RunEntry(context, sequence: live.sequence), firstPosition: first.position, lastPosition: position,
            events: RunEventCodec.encode(events), idempotency: idempotency,
            delivery: final.flatMap { Delivery($0.context, sequence: live.sequence) })
        idempotency = nil
        if fresh != nil { live.offered() }
        journal.append(batch) { [live] error in
            if let error { live.failed(error) } else { live.committed(events, fresh: fresh, final: final) }
        }
    }
}
