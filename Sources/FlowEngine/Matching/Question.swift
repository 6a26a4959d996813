import FlowCore
import Synchronization

/// Something that is asked of a backend, which may answer late or never.
///
/// The question begins at once, on the caller's thread: what is answered without waiting costs no hop.
final class Question<Answer: Sendable>: Sendable {
    private struct State: Sendable {
        var answer: Answer?
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Asks.
    init(on executor: (any TaskExecutor)?, _ operation: @escaping @Sendable () async -> Answer) {
        // Unstructured, since a backend that ignores its cancellation must not keep whoever asks; `cancel` ends it.
        let task = Task.immediate(executorPreference: executor) { [self] in give(await operation()) }
        state.withLock { if $0.answer == nil { $0.task = task } }
    }

    /// The answer, if it has come.
    var known: Answer? { state.withLock { $0.answer } }

    /// The answer, or `nil` when the instant came first.
    func answer(by instant: Timestamp, _ deadlines: Deadlines) async -> Answer? {
        if let known { return known }
        var token: Deadlines.Token?
        await withCheckedContinuation { continuation in
            let number = state.withLock { state -> Int? in
                guard state.answer == nil else { return nil }
                state.next += 1
                state.waiters[state.next] = continuation
                return state.next
            }
            guard let number else { return continuation.resume() }
            token = deadlines.schedule(at: instant) { [weak self] in self?.wake(number) }
        }
        if let token { deadlines.cancel(token) }
        return known
    }

    /// Tells whoever works on the answer that nobody wants it any more.
    func cancel() { state.withLock { $0.task }?.cancel() }

    private func give(_ answer: Answer) {
        let waiters = state.withLock { state in
            state.answer = answer
            state.task = nil
            defer { state.waiters = [:] }
            return state.waiters
        }
        for (_, waiter) in waiters { waiter.resume() }
    }

    private func wake(_ number: Int) { state.withLock { $0.waiters.removeValue(forKey: number) }?.resume() }
}
