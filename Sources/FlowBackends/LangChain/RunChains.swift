import FlowCore
import Synchronization

/// The chains of the runs that are under way: which nodes run as one, and those that have begun.
final class RunChains: Sendable {
    private struct Run: Sendable {
        /// The nodes from each one on to the end of its chain.
        var tails: [NodeID: [Node]]
        /// The chain that has run past its first node, by the nodes that are still to be asked for.
        var begun: [NodeID: (call: BridgeCall, index: Int)] = [:]
    }

    private let runs = Mutex<[WorkflowID: Run]>([:])

    /// Takes a run up.
    ///
    /// - Returns: false when it has no chains.
    func open(_ id: WorkflowID, _ workflow: Workflow) -> Bool {
        let tails = Self.tails(workflow)
        guard !tails.isEmpty else { return false }
        runs.withLock { $0[id] = Run(tails: tails) }
        return true
    }

    /// Forgets a run.
    ///
    /// - Returns: what has begun and nobody asks for any more.
    func close(_ id: WorkflowID) -> [BridgeCall] {
        let run = runs.withLock { $0.removeValue(forKey: id) }
        var calls: [Int: BridgeCall] = [:]
        for entry in run?.begun.values ?? [:].values { calls[entry.call.id] = entry.call }
        return Array(calls.values)
    }

    /// The chain that has a node in it and has begun before it; it is handed out once.
    func takeBegun(_ request: NodeRequest) -> (call: BridgeCall, index: Int)? {
        runs.withLock { runs in
            guard let found = runs[request.run.id]?.begun.removeValue(forKey: request.node.id),
                request.attempt == 1, found.call.nodes[found.index] == request.node
            else { return nil }
            return found
        }
    }

    /// The nodes that run as one with this one, itself first.
    func nodes(from request: NodeRequest) -> [Node] {
        let tail = runs.withLock { $0[request.run.id]?.tails[request.node.id] }
        // Nodes of bodies have ids of their own and are none of these.
        guard let tail, tail.first == request.node else { return [request.node] }
        return tail
    }

    /// Takes note of a chain that has begun.
    func begin(_ call: BridgeCall) {
        guard call.nodes.count > 1 else { return }
        runs.withLock { runs in
            for index in 1..<call.nodes.count { runs[call.request.run.id]?.begun[call.nodes[index].id] = (call, index) }
        }
    }

    /// Which nodes run as one: runnables that follow each other and nothing else, of which nothing is said but what
    /// they are. Whatever a node says more is the planner's to do.
    private static func tails(_ workflow: Workflow) -> [NodeID: [Node]] {
        let nodes = workflow.nodes
        let isSequence = nodes.allSatisfy { $0.dependsOn == nil }
        var successors: [NodeID: Int] = [:]
        for node in nodes { for id in node.dependsOn ?? [] { successors[id, default: 0] += 1 } }
        let places = Dictionary(nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        /// Where each node's chain goes on.
        var next: [Int: Int] = [:]
        for (index, node) in nodes.enumerated() where isPlain(node) {
            let before: Int?
            if isSequence {
                before = index > 0 ? index - 1 : nil
            } else if let only = node.dependsOn, only.count == 1, successors[only[0]] == 1 {
                before = places[only[0]]
            } else {
                before = nil
            }
            if let before, isPlain(nodes[before]) { next[before] = index }
        }
        var tails: [NodeID: [Node]] = [:]
        for start in next.keys {
            var tail = [nodes[start]]
            var place = start
            while let following = next[place] {
                tail.append(nodes[following])
                place = following
            }
            tails[nodes[start].id] = tail
        }
        return tails
    }

    private static func isPlain(_ node: Node) -> Bool {
        node.type == RunnableNode.type && node.timeout == nil && node.backend == nil && node.rules == nil
    }
}
