import FlowCore
import FlowEngine
import Synchronization

/// The end of the time that a call has, which can be brought forward.
final class CallDeadline: Sendable {
    private struct State: Sendable {
        var isOver = false
        var tokens: [Deadlines.Token] = []
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let clock: any WallClock
    private let deadlines: Deadlines
    private let state = Mutex(State())

    init(after time: Duration, on clock: any WallClock, _ deadlines: Deadlines) {
        self.clock = clock
        self.deadlines = deadlines
        shorten(to: time)
    }

    /// Has it come after so long, if it would not come before.
    func shorten(to time: Duration) {
        let token = deadlines.schedule(at: clock.now.advanced(by: time)) { [weak self] in self?.end() }
        let isOver = state.withLock { state in
            if !state.isOver { state.tokens.append(token) }
            return state.isOver
        }
        if isOver { deadlines.cancel(token) }
    }

    /// Waits until it has come, or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if !state.isOver { state.waiter = continuation }
                    return state.isOver
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            end()
        }
    }

    private func end() {
        let (tokens, waiter) = state.withLock { state in
            state.isOver = true
            return (state.tokens, state.waiter.take())
        }
        for token in tokens { deadlines.cancel(token) }
        waiter?.resume()
    }
}
