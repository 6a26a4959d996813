import Synchronization

/// Counts who uses something, and tells when nobody does any more.
final class UseCount: Sendable {
    private struct State: Sendable {
        var count = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var heirs: [UseCount] = []
    }

    private let state = Mutex(State())

    /// How many use it.
    var count: Int { state.withLock { $0.count } }

    func acquire() { state.withLock { $0.count += 1 } }

    func release() {
        let (waiters, heirs) = state.withLock { state -> ([CheckedContinuation<Void, Never>], [UseCount]) in
            state.count -= 1
            guard state.count == 0 else { return ([], state.heirs) }
            defer { state.waiters = [] }
            return (state.waiters, state.heirs)
        }
        for waiter in waiters { waiter.resume() }
        for heir in heirs { heir.release() }
    }

    /// Has those who use this use others as well, for as long as they use this. Nobody acquires this any more.
    func extend(to heirs: [UseCount]) {
        state.withLock { state in
            state.heirs = heirs
            for heir in heirs { heir.state.withLock { $0.count += state.count } }
        }
    }

    /// Waits until nobody uses it.
    func idle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.count > 0 { state.waiters.append(continuation) }
                return state.count == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
