import FlowCore
import FlowJSON
import Synchronization

/// The workers that say that they are there, and which tasks they have begun.
final class WorkerBook: Sendable {
    private struct Known: Sendable {
        var registration: RegistrationEnvelope
        var seenAt: ContinuousClock.Instant
        var time: Timestamp
    }

    private struct State: Sendable {
        var workers: [String: Known] = [:]
        /// The ids of tasks by who has begun them.
        var tasks: [String: Set<String>] = [:]
    }

    /// After so much silence a worker counts as stale.
    static let staleness: Duration = .seconds(3)
    /// After so much it is forgotten.
    private static let memory: Duration = .seconds(60)
    private static let most = 10_000

    private let state = Mutex(State())

    /// Takes note that a worker is there.
    func take(_ registration: RegistrationEnvelope, at time: Timestamp) {
        state.withLock { state in
            guard state.workers.count < Self.most || state.workers[registration.worker] != nil else { return }
            state.workers[registration.worker] = Known(registration: registration, seenAt: .now, time: time)
        }
    }

    /// Takes note that a worker has gone.
    func forget(_ worker: String) { state.withLock { $0.workers[worker] = nil } }

    /// Forgets those that have been silent for long.
    func prune() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.workers = state.workers.filter { $0.value.seenAt.duration(to: now) < Self.memory }
        }
    }

    /// Takes note that a worker has begun a task.
    func start(_ id: String, by worker: String) {
        state.withLock { state in
            guard state.tasks[worker] != nil || state.tasks.count < Self.most else { return }
            state.tasks[worker, default: []].insert(id)
        }
    }

    /// Takes note that a task is over.
    func end(_ id: String, by worker: String?) {
        guard let worker else { return }
        state.withLock { state in
            state.tasks[worker]?.remove(id)
            if state.tasks[worker]?.isEmpty == true { state.tasks[worker] = nil }
        }
    }

    /// The tasks of a worker that has gone; they are its no more.
    func tasks(of worker: String) -> Set<String> { state.withLock { $0.tasks.removeValue(forKey: worker) ?? [] } }

    /// How many workers are there.
    var liveCount: Int { live.count }

    private var live: [RegistrationEnvelope] {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.workers.values.filter { $0.seenAt.duration(to: now) < Self.staleness }.map(\.registration)
        }
    }

    /// Whether a worker is there that takes nodes of a queue.
    func hasTaker(of queue: QueueName) -> Bool {
        live.contains { !$0.isDraining && queue.isFor(types: Set($0.types), labels: $0.labels) }
    }

    /// The node types that workers take.
    var types: Set<String> { Set(live.lazy.filter { !$0.isDraining }.flatMap(\.types)) }

    /// The workers in the order of their names, as the API tells of them.
    var all: [JSONObject] {
        let now = ContinuousClock.now
        return state.withLock { state in Array(state.workers.values) }
            .sorted { $0.registration.worker < $1.registration.worker }
            .map { known in
                var object = known.registration.json
                object["v"] = nil
                let isLive = known.seenAt.duration(to: now) < Self.staleness
                object["status"] = .string(
                    !isLive ? "stale" : known.registration.isDraining ? "draining" : "live")
                object["draining"] = nil
                object["seen_at"] = .string(known.time.description)
                return object
            }
    }
}
