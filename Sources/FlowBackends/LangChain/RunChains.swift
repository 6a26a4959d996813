import FlowCore
import Synchronization

/// The chains of the runs that are under way: which nodes run as one, and those that have begun.
final class RunChains: Sendable {
    private struct Run: Sendable {
        let map: ChainMap
        /// The chain that has run past its first node, by the nodes that are still to be asked for.
        var begun: [NodeID: (call: BridgeCall, index: Int)] = [:]
    }

    private let runs = Mutex<[WorkflowID: Run]>([:])

    /// Takes a run up.
    func open(_ id: WorkflowID, _ map: ChainMap) {
        runs.withLock { $0[id] = Run(map: map) }
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

    /// What a chain that has begun before a node has come to there, when that is known; it is handed out once.
    func takeKnown(_ request: NodeRequest) -> NodeResult? {
        runs.withLock { runs in
            guard let found = runs[request.run.id]?.begun[request.node.id], request.attempt == 1,
                found.call.nodes[found.index] == request.node, let result = found.call.knownResult(of: found.index)
            else { return nil }
            runs[request.run.id]?.begun[request.node.id] = nil
            return result
        }
    }

    /// The nodes that run as one with this one, which is the first of them.
    func plan(from request: NodeRequest) -> ChainPlan {
        let map = runs.withLock { $0[request.run.id]?.map }
        guard let map, let place = map.place(of: request.node) else { return ChainPlan(request.node) }
        return ChainPlan(from: place, in: map)
    }

    /// Takes note of a chain that has begun.
    func begin(_ call: BridgeCall) {
        guard call.nodes.count > 1 else { return }
        runs.withLock { runs in
            for index in 1..<call.nodes.count { runs[call.request.run.id]?.begun[call.nodes[index].id] = (call, index) }
        }
    }
}
