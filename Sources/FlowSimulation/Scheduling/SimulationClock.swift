package import FlowCore
import Synchronization

/// The simulation's time as one server, or the world around the servers, reads it and sleeps by it.
///
/// The time moves by itself when nothing can run. The sleep of a server that crashed ends at once, as a cancelled one.
package final class SimulationClock: WallClock {
    private struct Sleeper: Sendable {
        let timer: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State: Sendable {
        var sleepers: [Int: Sleeper] = [:]
        var next = 0
        var isDead = false
    }

    private let scheduler: Scheduler
    private let owner: Scheduler.Owner
    private let state = Mutex(State())

    package init(_ scheduler: Scheduler, owner: Scheduler.Owner = Scheduler.world) {
        self.scheduler = scheduler
        self.owner = owner
    }

    package var now: Timestamp { scheduler.now }
    package var minimumResolution: Duration { .milliseconds(1) }

    package func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isDead || Task.isCancelled { return true }
                    let timer = scheduler.perform(at: deadline, for: owner) { [weak self] in self?.wake(number) }
                    state.sleepers[number] = Sleeper(timer: timer, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            interrupt(number)
        }
    }

    /// How many sleep.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Ends all sleep, now and later.
    package func die() {
        let sleepers = state.withLock { state in
            state.isDead = true
            defer { state.sleepers = [:] }
            return state.sleepers.sorted { $0.key < $1.key }.map(\.value)
        }
        for sleeper in sleepers { sleeper.continuation.resume(throwing: CancellationError()) }
    }

    private func wake(_ number: Int) {
        state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation.resume()
    }

    private func interrupt(_ number: Int) {
        guard let sleeper = state.withLock({ $0.sleepers.removeValue(forKey: number) }) else { return }
        scheduler.callOff(sleeper.timer)
        sleeper.continuation.resume(throwing: CancellationError())
    }
}
