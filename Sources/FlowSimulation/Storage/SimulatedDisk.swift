import FlowCore
import FlowEngine
import FlowJSON
import Synchronization

/// The disk under all servers of a simulation: what it has written survives their crashes.
///
/// It behaves as the journal on SQLite does. Batches are queued; one writer takes some of those that wait, writes them
/// as one, and confirms them. Before the write, between write and confirmation, and after it the server may crash. A
/// batch may fail alone, and a batch that would leave a gap is refused.
final class SimulatedDisk: Sendable {
    struct Request: Sendable {
        let batch: JournalBatch
        let completion: @Sendable (JournalError?) -> Void
    }

    struct State: Sendable {
        var runs: [WorkflowID: StoredRun] = [:]
        /// The runs in the order in which they were stored.
        var order: [WorkflowID] = []
        /// All runs that have ever been stored.
        var born: Set<WorkflowID> = []
        var keys: [String: IdempotencyRecord] = [:]
        var registrations: [BackendRegistration] = []
        /// The first versions of the definitions; there are no others.
        var definitions: [DefinitionName: JSONObject] = [:]
        /// What is to be told of the end of runs.
        var deliveries: [WorkflowID: Delivery] = [:]
        var queue: [Request] = []
        var isWriting = false
        /// What has been taken from the queue and not been confirmed.
        var unanswered: [Request] = []
        /// Who waits for the queue to be empty.
        var flushes: [@Sendable () -> Void] = []
        var writes = 0
        /// The batch that was confirmed and is lost by the next crash, when the disk is sabotaged.
        var doomed: WorkflowID?
        var isSpoilt = false
    }

    let scheduler: Scheduler
    let state = Mutex(State())
    private let faults: FaultInjector
    private let slowestWrite: Int
    private let sabotage: Sabotage?
    private let onPoint = Mutex<(@Sendable (Int) -> Void)?>(nil)

    init(_ scheduler: Scheduler, faults: FaultInjector, slowestWrite: Int, sabotage: Sabotage?) {
        self.scheduler = scheduler
        self.sabotage = sabotage
        self.faults = faults
        self.slowestWrite = slowestWrite
    }

    /// Has somebody told of each point at which a crash makes a difference, with its number.
    func watch(_ action: @escaping @Sendable (Int) -> Void) { onPoint.withLock { $0 = action } }

    /// The run as it is on disk.
    func run(_ id: WorkflowID) -> StoredRun? { state.withLock { $0.runs[id] } }

    /// Stores definitions, before anything else happens.
    func define(_ definitions: [DefinitionName: JSONObject]) { state.withLock { $0.definitions = definitions } }

    /// What is stored under names.
    var definitions: [DefinitionName: JSONObject] { state.withLock { $0.definitions } }

    /// All runs in the order in which they were stored.
    var runs: [StoredRun] { state.withLock { state in state.order.compactMap { state.runs[$0] } } }

    /// How far a server has come with telling of a run's end.
    func delivery(of id: WorkflowID) -> Delivery? { state.withLock { $0.deliveries[id] } }

    /// Whether somebody has still to be told of the end of a run.
    var hasPendingDeliveries: Bool { state.withLock { $0.deliveries.values.contains { $0.status == .pending } } }

    func append(_ request: Request, from owner: Scheduler.Owner) {
        let starts = state.withLock { state in
            state.queue.append(request)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if starts { turn(owner) }
    }

    /// Calls back once all that is queued has been confirmed.
    func flush(_ action: @escaping @Sendable () -> Void) {
        let isIdle = state.withLock { state in
            if state.isWriting { state.flushes.append(action) }
            return !state.isWriting
        }
        if isIdle { action() }
    }

    /// Forgets what has not been written.
    ///
    /// - Returns: the requests that are never answered.
    func crash() -> [Request] {
        state.withLock { state in
            let lost = state.unanswered + state.queue
            state.unanswered = []
            state.queue = []
            state.flushes = []
            state.isWriting = false
            if sabotage == .forgetChild {
                let forgotten = state.order.filter { id in
                    state.runs[id].map { $0.context?.submission.parent != nil && !$0.entry.status.isFinished } ?? false
                }
                for id in forgotten { state.runs[id] = nil }
                state.order.removeAll { forgotten.contains($0) }
            }
            guard let doomed = state.doomed.take(), var run = state.runs[doomed] else { return lost }
            if run.loseLastBatch() {
                state.runs[doomed] = run
            } else {
                state.runs[doomed] = nil
                state.order.removeAll { $0 == doomed }
            }
            return lost
        }
    }

    /// Whether a read fails now.
    func failsRead() -> Bool { faults.failsRead() }

    /// How long an answer of the disk takes.
    func delay() -> Duration { slowestWrite == 0 ? .zero : .milliseconds(scheduler.number(0...slowestWrite)) }

    private func turn(_ owner: Scheduler.Owner) {
        scheduler.perform(after: delay(), for: owner) { [self] in
            point()
            guard state.withLock({ $0.isWriting }) else { return }
            let outcomes = write()
            point()
            guard state.withLock({ $0.isWriting }) else { return }
            scheduler.perform(after: delay(), for: owner) { [self] in
                state.withLock { $0.unanswered = [] }
                for (request, error) in outcomes { request.completion(error) }
                point()
                let (goesOn, flushes) = state.withLock { state -> (Bool, [@Sendable () -> Void]) in
                    guard state.isWriting else { return (false, []) }
                    state.isWriting = !state.queue.isEmpty
                    guard !state.isWriting else { return (true, []) }
                    defer { state.flushes = [] }
                    return (false, state.flushes)
                }
                if goesOn { turn(owner) }
                for flush in flushes { flush() }
            }
        }
    }

    /// A point at which a crash makes a difference.
    private func point() {
        let number = state.withLock { state in
            state.writes += 1
            return state.writes
        }
        onPoint.withLock({ $0 })?(number)
    }

    /// Writes some of what waits.
    private func write() -> [(Request, JournalError?)] {
        let outcomes = state.withLock { state -> [(Request, JournalError?)] in
            let count = state.queue.count > 1 && scheduler.chance(30) ? scheduler.number(1...state.queue.count) : .max
            let group = Array(state.queue.prefix(count))
            state.queue.removeFirst(group.count)
            state.unanswered = group
            var outcomes: [(Request, JournalError?)] = []
            for request in group {
                if faults.failsWrite() {
                    let isFull = scheduler.chance(50)
                    outcomes.append((request, JournalError(isFull ? .full : .unavailable, "the disk was told to fail")))
                    if sabotage == .keepRefused, request.batch.isFirst { _ = store(request.batch, &state) }
                } else {
                    outcomes.append((request, store(request.batch, &state)))
                }
            }
            if sabotage == .neverConfirm, state.isSpoilt || outcomes.contains(where: { !$0.0.batch.isFirst }) {
                state.isSpoilt = true
                return []
            }
            return outcomes
        }
        for (request, error) in outcomes where error == nil { scheduler.mix(request.batch.events) }
        return outcomes
    }

    private func store(_ batch: JournalBatch, _ state: inout State) -> JournalError? {
        let id = batch.entry.id
        var run: StoredRun
        if batch.isFirst {
            guard state.runs[id] == nil else { return JournalError(.conflict, "there is a run \"\(id)\" already") }
            if let record = batch.idempotency {
                guard state.keys[record.key] == nil else {
                    return JournalError(.conflict, "the idempotency key is taken")
                }
                state.keys[record.key] = record
            }
            if !state.born.insert(id).inserted {
                scheduler.report(.children, "run \(id) is started once more")
            }
            state.order.append(id)
            run = StoredRun(entry: batch.entry)
        } else {
            guard let found = state.runs[id], found.lastPosition == batch.firstPosition - 1 else {
                return JournalError(
                    .unavailable, "events of run \"\(id)\" from position \(batch.firstPosition) leave a gap")
            }
            run = found
        }
        do {
            try run.take(batch, bytes: sabotage == .alterStored ? altered(batch) : batch.events)
        } catch {
            return error
        }
        state.runs[id] = run
        if sabotage != .forgetDelivery { state.deliveries[id] = batch.delivery ?? state.deliveries[id] }
        if sabotage == .loseConfirmed, !run.entry.status.isFinished { state.doomed = id }
        return run.lastPosition == batch.lastPosition ? nil : JournalError(.corrupt, "the batch holds other events")
    }

    /// The batch with another output of its first node that completed.
    private func altered(_ batch: JournalBatch) -> [UInt8] {
        guard var events = try? RunEventCodec.decode(batch.events, first: batch.firstPosition) else {
            return batch.events
        }
        for (index, event) in events.enumerated() {
            guard case .nodeCompleted(let id, let attempt, _, let notes) = event.kind else { continue }
            events[index].kind = .nodeCompleted(id, attempt: attempt, output: "altered", notes: notes)
            break
        }
        return RunEventCodec.encode(events)
    }
}
