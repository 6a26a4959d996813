import FlowCore
import Synchronization

/// A run that is being executed: its durable state, and those who wait for it to change.
///
/// The journal's writer calls ``committed(_:)`` for events that are on disk, and only then does anybody see them.
final class LiveRun: Sendable {
    let id: WorkflowID
    let sequence: Int64
    let durability: Durability
    /// The idempotency key that stands for the run and that no journal knows.
    let key: String?
    let inbox = RunInbox()

    private struct State: Sendable {
        /// The fold of the durable events, until the run has ended; `nil` until the submission is on disk.
        var context: WorkflowContext?
        /// The position of the last of them; 0 until the submission is on disk.
        var position = 0
        var isFinished = false
        var events: [RunEvent] = []
        /// The durable state as readers get it; `nil` until one asks or the run ends.
        var snapshot: RunSnapshot?
        /// Whether the journal has been given the submission.
        var isOffered = false
        var failure: JournalError?
        /// Whether nobody drives the run any more: its state will not change here.
        var isAbandoned = false
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private struct Waiter: Sendable {
        let position: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private let state = Mutex(State())

    init(id: WorkflowID, sequence: Int64, durability: Durability, key: String? = nil) {
        self.id = id
        self.sequence = sequence
        self.durability = durability
        self.key = durability == .none ? key : nil
    }

    /// Takes over the state of a run whose journal has been folded.
    func begin(_ context: WorkflowContext) {
        let waiters = state.withLock { state in
            state.context = context
            state.position = context.position
            state.isFinished = context.status.isFinished
            return Self.take(&state.waiters) { context.position >= $0.position }
        }
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// Takes events into the state, now that they are as durable as the run asks for.
    ///
    /// - Parameters:
    ///   - fresh: The run, when `events` begins with its submission.
    ///   - final: The state that the last event gives, when the run ends with it: what need not be folded once more.
    func committed(_ events: [RunEvent], fresh: RunConstants?, final: RunSnapshot?) {
        let waiters = state.withLock { state -> [Waiter] in
            state.snapshot = final
            if let final {
                state.context = nil
                state.position = final.context.position
                state.isFinished = true
            } else {
                if let fresh { state.context = WorkflowContext(fresh) }
                for event in events where event.position > 1 { state.context?.apply(event) }
                state.position = state.context?.position ?? 0
            }
            if state.events.isEmpty { state.events = events } else { state.events += events }
            let (isFinished, position) = (state.isFinished, state.position)
            return Self.take(&state.waiters) { isFinished || position >= $0.position }
        }
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// Takes note that the journal has been given the submission.
    func offered() { state.withLock { $0.isOffered = true } }

    /// Whether the journal has been given the submission and has not said whether it has it.
    var isUndecided: Bool { state.withLock { $0.isOffered && $0.position == 0 && $0.failure == nil } }

    /// Gives up: the journal did not take the run's events. Whoever waits learns of it.
    func failed(_ error: JournalError) {
        let waiters = state.withLock { state -> [Waiter] in
            if state.failure == nil { state.failure = error }
            return Self.take(&state.waiters) { _ in true }
        }
        for waiter in waiters { waiter.continuation.resume() }
        inbox.send(.suspend)
    }

    /// The run's driver has left: whoever waits has nothing more to wait for.
    func abandon() {
        let waiters = state.withLock { state in
            state.isAbandoned = true
            return Self.take(&state.waiters) { _ in true }
        }
        for waiter in waiters { waiter.continuation.resume() }
        inbox.close()
    }

    /// Whether nobody drives the run any more.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    /// The durable state, or `nil` until the submission is durable.
    var snapshot: RunSnapshot? {
        state.withLock { state in
            if let snapshot = state.snapshot { return snapshot }
            guard let context = state.context else { return nil }
            let snapshot = RunSnapshot(context, sequence: sequence)
            state.snapshot = snapshot
            return snapshot
        }
    }

    /// Why the journal did not take the run's events.
    var failure: JournalError? { state.withLock { $0.failure } }

    /// The durable position; 0 until the submission is durable.
    var position: Int { state.withLock { $0.position } }

    /// Whether the run has ended.
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// The durable events behind a position as far as they are held here: those since the run was taken up.
    func events(after position: Int, limit: Int) -> (events: [RunEvent], isComplete: Bool, isFinished: Bool) {
        state.withLock { state in
            guard let first = state.events.first else {
                return ([], position >= state.position, state.isFinished)
            }
            guard position >= first.position - 1 else { return ([], false, state.isFinished) }
            let page = state.events.dropFirst(position - first.position + 1).prefix(limit)
            return (Array(page), true, state.isFinished)
        }
    }

    /// All events of a run that is kept in memory alone.
    var allEvents: [RunEvent] { state.withLock { $0.events } }

    /// Waits until the durable state has reached a position or the run has ended, the journal has failed, the instant
    /// has come, or the task is cancelled, whichever is first.
    nonisolated(nonsending) func wait(for position: Int, until instant: Timestamp?, deadlines: Deadlines) async {
        if state.withLock({ Self.isSettled($0, for: position) }) { return }
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let token = Mutex<Deadlines.Token?>(nil)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    // A cancellation sets its flag before it calls the handler, which needs this lock: one of both sees
                    // the other.
                    guard !Task.isCancelled, !Self.isSettled(state, for: position) else { return false }
                    state.waiters[number] = Waiter(position: position, continuation: continuation)
                    return true
                }
                guard waits else { return continuation.resume() }
                guard let instant else { return }
                let scheduled = deadlines.schedule(at: instant) { [weak self] in self?.release(number) }
                token.withLock { $0 = scheduled }
            }
        } onCancel: {
            release(number)
        }
        if let token = token.withLock({ $0 }) { deadlines.cancel(token) }
    }

    private static func isSettled(_ state: borrowing State, for position: Int) -> Bool {
        guard state.failure == nil, !state.isAbandoned else { return true }
        return state.position > 0 && (state.isFinished || state.position >= position)
    }

    private func release(_ number: Int) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.continuation.resume()
    }

    private static func take(_ waiters: inout [Int: Waiter], where isDone: (Waiter) -> Bool) -> [Waiter] {
        guard !waiters.isEmpty else { return [] }
        // In the order in which they came, so that what follows does not hang on how a dictionary lies in memory.
        let done = waiters.filter { isDone($0.value) }.sorted { $0.key < $1.key }
        for waiter in done { waiters[waiter.key] = nil }
        return done.map(\.value)
    }
}
