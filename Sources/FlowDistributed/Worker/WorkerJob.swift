import FlowCore
import FlowNATS
import Synchronization

/// A task that a worker works on, until its result is on the broker.
final class WorkerJob: Sendable {
    /// Why the work is to end early.
    enum Interruption: Sendable {
        case timeout
        case cancellation
    }

    private struct State: Sendable {
        var delivery: Delivery
        var work: Task<Void, Never>?
        var isWorkOver = false
        var isConcluded = false
        var hasFreedSlot = false
        var isAcknowledged = false
        var isHandedBack = false
        var interruption: Interruption?
        /// When the work is given up.
        var deadline: ContinuousClock.Instant?
        var beatAt: ContinuousClock.Instant = .now
        var chunks = 0
    }

    /// How long cancelled work may take to end.
    private static let grace: Duration = .seconds(2)

    let task: TaskEnvelope
    /// The delivery with which the work began, by which servers tell it from the work of others.
    let first: String
    private let state: Mutex<State>

    init(_ task: TaskEnvelope, _ delivery: Delivery) {
        self.task = task
        first = delivery.subject
        var state = State(delivery: delivery)
        if let timeout = task.timeout { state.deadline = .now.advanced(by: .milliseconds(timeout)) }
        self.state = Mutex(state)
    }

    var delivery: Delivery { state.withLock { $0.delivery } }
    var interruption: Interruption? { state.withLock { $0.interruption } }
    var isHandedBack: Bool { state.withLock { $0.isHandedBack } }
    var chunks: Int { state.withLock { $0.chunks } }
    var isConcluded: Bool { state.withLock { $0.isConcluded } }
    /// Whether it is being worked on.
    var isUnderWay: Bool { state.withLock { $0.work != nil && !$0.isConcluded && !$0.isHandedBack } }

    func begin(_ work: Task<Void, Never>) {
        let isLate = state.withLock { state in
            state.work = work
            return state.interruption != nil || state.isHandedBack
        }
        if isLate { work.cancel() }
    }

    /// Takes a later delivery of the same task for the one to acknowledge.
    func redelivered(_ delivery: Delivery) { state.withLock { $0.delivery = delivery } }

    /// The number of the next part of the result.
    func nextChunk() -> Int {
        state.withLock { state in
            state.chunks += 1
            return state.chunks
        }
    }

    /// Tells the work to end.
    func interrupt(_ reason: Interruption) {
        let work = state.withLock { state -> Task<Void, Never>? in
            guard state.interruption == nil, !state.isConcluded else { return nil }
            state.interruption = reason
            if reason == .cancellation { state.deadline = .now.advanced(by: Self.grace) }
            return state.work
        }
        work?.cancel()
    }

    /// Whether the work is to be given up now, and why.
    func expiry(_ now: ContinuousClock.Instant) -> Interruption? {
        state.withLock { state in
            guard !state.isConcluded, let deadline = state.deadline, now >= deadline else { return nil }
            return state.interruption ?? .timeout
        }
    }

    /// Whether it is time to tell that the work goes on.
    func isBeatDue(_ now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard !state.isAcknowledged, !state.isHandedBack,
                state.beatAt.duration(to: now) >= .milliseconds(task.heartbeat)
            else { return false }
            state.beatAt = now
            return true
        }
    }

    /// Takes note that its slot is free before its result is on the broker.
    func freeSlot() { state.withLock { $0.hasFreedSlot = true } }

    /// Has the first who calls conclude the work.
    func conclude() -> Bool {
        state.withLock { state in
            guard !state.isConcluded, !state.isHandedBack else { return false }
            state.isConcluded = true
            return true
        }
    }

    /// Gives the task back to the broker, unless its result is on the way there.
    func handBack() -> Delivery? {
        let (delivery, work) = state.withLock { state -> (Delivery?, Task<Void, Never>?) in
            guard !state.isConcluded, !state.isHandedBack else { return (nil, nil) }
            state.isHandedBack = true
            return (state.delivery, state.work)
        }
        work?.cancel()
        return delivery
    }

    /// Takes note that the task is acknowledged.
    ///
    /// - Returns: whether the work itself is over as well, and whether its slot was freed before.
    func acknowledged() -> (isOver: Bool, hasFreedSlot: Bool) {
        state.withLock { state in
            state.isAcknowledged = true
            return (state.isWorkOver, state.hasFreedSlot)
        }
    }

    /// Takes note that the work itself is over.
    ///
    /// - Returns: whether its task was acknowledged before, since it had been given up.
    func workIsOver() -> Bool {
        state.withLock { state in
            state.isWorkOver = true
            return state.isAcknowledged
        }
    }
}
