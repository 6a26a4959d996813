import FlowCore
import FlowJSON
import Logging
import Synchronization

extension DistributedBackend {
    /// A queue in which nodes of this server wait, and that no worker takes from.
    struct UnservedQueue: Sendable {
        let queue: QueueName
        var nodes: Int

        /// As the API tells of it.
        var json: JSONObject {
            var labels = JSONObject()
            for (name, value) in queue.labels.sorted(by: { $0.key < $1.key }) { labels[name] = .string(value) }
            return [
                "type": .string(queue.type), "worker": .object(labels), "priority": .string(queue.priority.rawValue),
                "nodes": .integer(Int64(nodes)),
            ]
        }
    }

    /// How long a node waits for a worker before it is logged that there is none: those that are there say so every second.
    private static let unservedPatience: Duration = .seconds(5)

    /// The queues in which nodes wait, and that no worker takes from that is there.
    ///
    /// - Parameter time: How long the nodes have waited at least.
    func unserved(after time: Duration) -> [UnservedQueue] {
        var found: [String: UnservedQueue] = [:]
        for assignment in ledger.all where assignment.isWaiting(since: time) {
            let queue = assignment.queue
            found[queue.rawValue, default: UnservedQueue(queue: queue, nodes: 0)].nodes += 1
        }
        return found.values.filter { !book.hasTaker(of: $0.queue) }.sorted { $0.queue.rawValue < $1.queue.rawValue }
    }

    /// Logs of each queue that no worker takes from, once until one does.
    func logUnserved() {
        let now = unserved(after: Self.unservedPatience)
        let known = unservedQueues.withLock { known in
            defer { known = Set(now.map(\.queue.rawValue)) }
            return known
        }
        for entry in now where !known.contains(entry.queue.rawValue) {
            logger.warning(
                "nodes wait, and no worker takes them",
                metadata: [
                    "type": "\(entry.queue.type)", "labels": "\(entry.json["worker"] ?? [:])",
                    "nodes": "\(entry.nodes)",
                ])
        }
    }
}
