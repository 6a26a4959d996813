import DequeModule
import FlowCore
import FlowJSON

/// Finished runs that are kept in memory up to a number of bytes, the oldest leaving first.
struct FinishedRuns: Sendable {
    struct Run: Sendable {
        let snapshot: RunSnapshot
        /// The journal of a run that has no other.
        let events: [RunEvent]
        /// The idempotency key that stands for the run and that no journal knows.
        let key: String?
        let bytes: Int
    }

    private let capacity: Int
    private var runs: [WorkflowID: Run] = [:]
    private var order: Deque<WorkflowID> = []
    private(set) var bytes = 0

    init(capacity: Int) { self.capacity = capacity }

    subscript(id: WorkflowID) -> Run? { runs[id] }

    var all: some Sequence<Run> { runs.values }

    /// Keeps a run, and lets go of the oldest ones until all fit.
    ///
    /// - Returns: those that were let go, so that the caller can free their memory when nobody waits for it.
    mutating func insert(_ snapshot: RunSnapshot, events: [RunEvent], key: String?) -> [Run] {
        let id = snapshot.context.id
        let run = Run(snapshot: snapshot, events: events, key: key, bytes: Self.weight(of: snapshot.context))
        guard run.bytes <= capacity else { return [run] }
        if let earlier = runs.updateValue(run, forKey: id) { bytes -= earlier.bytes } else { order.append(id) }
        bytes += run.bytes
        var removed: [Run] = []
        while bytes > capacity, let oldest = order.popFirst() {
            guard let run = runs.removeValue(forKey: oldest) else { continue }
            bytes -= run.bytes
            removed.append(run)
        }
        return removed
    }

    /// Lets go of one run.
    mutating func remove(_ id: WorkflowID) -> Run? {
        guard let removed = runs.removeValue(forKey: id) else { return nil }
        bytes -= removed.bytes
        if let index = order.firstIndex(of: id) { order.remove(at: index) }
        return removed
    }

    /// About how much memory a run holds, its rendered form included.
    private static func weight(of context: WorkflowContext) -> Int {
        let submission = context.submission
        var bytes = 2000 + submission.input.weight + JSONValue.object(submission.variables).weight
        for (name, value) in submission.labels { bytes += 64 + name.utf8.count + value.utf8.count }
        if let hook = submission.onCompletion {
            bytes += 256 + hook.url.utf8.count
            for (name, value) in hook.headers { bytes += 64 + name.utf8.count + value.utf8.count }
        }
        // Read in place: nodes have many parts to copy.
        let nodes = submission.workflow.nodes
        for index in nodes.indices where !nodes[index].config.isEmpty {
            bytes += JSONValue.object(nodes[index].config).weight
        }
        bytes += 900 * context.nodes.count
        for index in context.nodes.indices { bytes += 2 * (context.nodes[index].outputData?.weight ?? 0) }
        return bytes
    }
}
