import DequeModule
import Synchronization

/// Lets so many in at the same time; the others wait in the order in which they came, up to a bound.
public final class Turnstile: Sendable {
    /// What becomes of one who wants to enter.
    public enum Answer: Hashable, Sendable {
        /// It is in, and has to leave again.
        case entered
        /// There is no more room to wait.
        case full
        /// It was cancelled while it waited, and is not in.
        case cancelled
    }

    private struct State: Sendable {
        var inside = 0
        var next = 0
        var waiting: Deque<(number: Int, continuation: CheckedContinuation<Answer, Never>)> = []
    }

    private let capacity: Int
    private let room: Int
    private let state = Mutex(State())

    /// Makes one that lets `capacity` in while up to `room` wait.
    public init(capacity: Int, room: Int) {
        self.capacity = capacity
        self.room = room
    }

    /// How many are in and how many wait.
    public var load: (inside: Int, waiting: Int) { state.withLock { ($0.inside, $0.waiting.count) } }

    /// Waits until there is a place, which has to be given back by ``leave()`` when the answer is ``Answer/entered``.
    public func enter() async -> Answer {
        let (number, answer) = state.withLock { state -> (Int, Answer?) in
            if state.inside < capacity {
                state.inside += 1
                return (0, .entered)
            }
            guard state.waiting.count < room else { return (0, .full) }
            state.next += 1
            return (state.next, nil)
        }
        if let answer { return answer }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Answer? in
                    // A cancellation that came before found nothing to remove.
                    if Task.isCancelled { return .cancelled }
                    if state.inside < capacity {
                        state.inside += 1
                        return .entered
                    }
                    guard state.waiting.count < room else { return .full }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Answer, Never>? in
                guard let place = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
                return state.waiting.remove(at: place).continuation
            }
            continuation?.resume(returning: .cancelled)
        }
    }

    /// Gives a place back, to the one who has waited longest if there is one.
    public func leave() {
        let next = state.withLock { state -> CheckedContinuation<Answer, Never>? in
            if let first = state.waiting.popFirst() { return first.continuation }
            state.inside -= 1
            return nil
        }
        next?.resume(returning: .entered)
    }
}
