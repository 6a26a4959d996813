import Synchronization

/// Counts what happens, and lets others wait until it has happened so often.
final class Tally: Sendable {
    private struct State: Sendable {
        var count = 0
        var next = 0
        var waiting: [Int: (count: Int, continuation: CheckedContinuation<Bool, Never>)] = [:]
    }

    private let state = Mutex(State())

    /// How often it has happened.
    var count: Int { state.withLock { $0.count } }

    /// Notes that it happened.
    ///
    /// - Returns: how often it has, this time included.
    @discardableResult
    func increment() -> Int {
        let (count, ready) = state.withLock { state -> (Int, [CheckedContinuation<Bool, Never>]) in
            state.count += 1
            let ready = state.waiting.filter { $0.value.count <= state.count }
            for number in ready.keys { state.waiting[number] = nil }
            return (state.count, ready.values.map(\.continuation))
        }
        for continuation in ready { continuation.resume(returning: true) }
        return count
    }

    /// Waits until it has happened so often.
    ///
    /// - Returns: false when the task was cancelled first.
    @discardableResult
    func reach(_ count: Int) async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.count >= count { return true }
                    // A cancellation sets its flag before it calls the handler, which needs this lock.
                    if Task.isCancelled { return false }
                    state.waiting[number] = (count, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.continuation.resume(returning: false)
        }
    }
}
