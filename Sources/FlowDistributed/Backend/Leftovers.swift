import Synchronization

/// Tasks that nobody wants any more and that could not be taken out of their queues, as while the broker was away.
final class Leftovers: Sendable {
    /// How many are remembered; the others are executed for nothing.
    private static let most = 10_000

    /// The subjects of tasks by their ids.
    private let tasks = Mutex<[String: String]>([:])

    /// Takes note of a task that may still be there.
    func add(_ assignment: Assignment) {
        tasks.withLock { tasks in
            if tasks.count < Self.most { tasks[assignment.id] = assignment.subject }
        }
    }

    /// Forgets a task.
    func remove(_ id: String) { tasks.withLock { $0[id] = nil } }

    /// All of them.
    var all: [String: String] { tasks.withLock { $0 } }
}
