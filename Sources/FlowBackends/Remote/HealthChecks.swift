import FlowCore
import Synchronization

/// What was learned last of a service's health, and the question that is under way.
final class HealthChecks: Sendable {
    private struct State: Sendable {
        var last: (health: BackendHealth, time: Timestamp)?
        var question: Task<BackendHealth, Never>?
    }

    private let state = Mutex(State())

    /// What was learned last, and when.
    var last: (health: BackendHealth, time: Timestamp)? { state.withLock { $0.last } }

    /// Keeps what was learned.
    func learn(_ health: BackendHealth, at time: Timestamp) { state.withLock { $0.last = (health, time) } }

    /// The health as of not too long ago. All who find it too old wait for one answer.
    func health(
        noOlderThan age: Duration, on clock: any WallClock, _ ask: @escaping @Sendable () async -> BackendHealth
    ) async -> BackendHealth {
        let now = clock.now
        let question = state.withLock { state -> Task<BackendHealth, Never>? in
            if let last = state.last, last.time.duration(to: now) < age { return nil }
            if let question = state.question { return question }
            // Unstructured, since whoever comes next waits for it as well, also when the first one has left. Its calls have
            // their own deadlines.
            let question = Task {
                let health = await ask()
                self.state.withLock { $0.question = nil }
                return health
            }
            state.question = question
            return question
        }
        if let question { return await question.value }
        return last?.health ?? .unhealthy(reason: "it has not been asked yet")
    }
}
