public import FlowCore
import Synchronization

/// A run of the suite while it goes on, with those who follow it.
public final class LiveConformanceRun: Sendable {
    private struct State: Sendable {
        var run: ConformanceRun
        /// How it ended, before that is told.
        var ended: ConformanceRun?
        var results: [ConformanceResult] = []
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
        var task: Task<Void, Never>?
        /// Whether the task is to be cancelled, also when it is taken later.
        var isCancelled = false
    }

    private let state: Mutex<State>
    /// The registration that is judged.
    let backend: RegisteredBackend

    init(_ run: ConformanceRun, of backend: RegisteredBackend) {
        state = Mutex(State(run: run))
        self.backend = backend
    }

    /// The run as it stands.
    public var run: ConformanceRun {
        state.withLock { state in
            var run = state.run
            if run.status == .running { run.report = ConformanceReport(state.results) }
            return run
        }
    }

    var results: [ConformanceResult] { state.withLock { $0.results } }

    /// Takes the task that tries the cases, which may have ended.
    func take(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            if state.ended == nil { state.task = task }
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func append(_ result: ConformanceResult) {
        resume { state in
            guard state.ended == nil else { return false }
            state.results.append(result)
            return true
        }
    }

    /// Ends the run, unless it has ended. Nobody learns of it before ``tell()``.
    ///
    /// - Parameter cancelling: Whether what tries the cases is to be stopped, rather than being what ends the run.
    /// - Returns: how it ended now; `nil` when it had before.
    func end(cancelling: Bool, _ finish: @Sendable (inout ConformanceRun) -> Void) -> ConformanceRun? {
        state.withLock { state in
            guard state.ended == nil else { return nil }
            var run = state.run
            finish(&run)
            state.ended = run
            if cancelling {
                state.isCancelled = true
                state.task?.cancel()
            }
            state.task = nil
            return run
        }
    }

    /// Has those who follow it learn of its end: once it is stored, and the next run may begin.
    func tell() {
        resume { state in
            guard let ended = state.ended else { return false }
            state.run = ended
            return true
        }
    }

    private func resume(_ change: (inout State) -> Bool) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard change(&state) else { return [] }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until there are more results than so many, or the run has ended.
    ///
    /// - Returns: all that is new, in the order in which it came, and whether the run has ended; nothing new when the task was
    ///   cancelled first.
    public func news(after count: Int) async -> (results: [ConformanceResult], hasEnded: Bool) {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    // A cancellation sets its flag before it calls the handler, which needs this lock.
                    guard !Task.isCancelled, state.run.status == .running, state.results.count <= count else {
                        return false
                    }
                    state.waiting[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
        return state.withLock { (Array($0.results.dropFirst(count)), $0.run.status != .running) }
    }
}
