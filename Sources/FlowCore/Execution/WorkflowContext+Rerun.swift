extension WorkflowContext {
    /// What another run of the workflow takes over when it begins at a node: the nodes that have ended well, or were
    /// passed over, and do not follow from it.
    ///
    /// - Returns: `nil` when the workflow has no such node.
    public func taken(from id: NodeID) -> [NodeID: RunOrigin.Taken]? {
        guard let start = graph.position(of: id) else { return nil }
        var follows: Set<Int> = [start]
        var open = [start]
        while let next = open.popLast() {
            for successor in graph.successors[next] where follows.insert(successor).inserted { open.append(successor) }
        }
        var taken: [NodeID: RunOrigin.Taken] = [:]
        // A node is taken over only together with all that leads to it, so that each has what it was made of.
        var isTaken = [Bool](repeating: false, count: graph.nodeCount)
        for index in graph.order where !follows.contains(index) {
            let node = nodes[index]
            guard hasEnded(node, at: index), graph.predecessors[index].allSatisfy({ isTaken[$0] }) else { continue }
            isTaken[index] = true
            var failure: RunOrigin.Taken.Failure?
            if let attempt = node.attempt, let error = attempt.error, node.isTolerated {
                failure = .init(error: error, attempt: attempt.number, backend: attempt.backend)
            }
            taken[node.id] = RunOrigin.Taken(
                status: node.status, output: node.outputData, notes: node.notes, failure: failure)
        }
        return taken
    }

    /// Whether a node ended in a way that can be taken over. A run that failed shows what it never came to as skipped.
    private func hasEnded(_ node: NodeContext, at index: Int) -> Bool {
        switch node.status {
        case .completed:
            // A condition that has chosen nothing, since something took its place, is asked again.
            node.attempt?.error == nil && !node.usesFallback
                || graph.workflow.nodes[index].control?.targets.isEmpty ?? true
        case .failed: node.isTolerated
        case .skipped: node.completedAt != completedAt || status == .completed
        case .pending, .running, .cancelled, .interrupted: false
        }
    }
}

extension WorkflowGraph {
    /// The nodes in an order in which each comes behind those that it waits for.
    var order: [Int] {
        if isSequence { return Array(workflow.nodes.indices) }
        var missing = workflow.nodes.indices.map { predecessors.count(of: $0) }
        var order = workflow.nodes.indices.filter { missing[$0] == 0 }
        var head = 0
        while head < order.count {
            for successor in successors[order[head]] {
                missing[successor] -= 1
                if missing[successor] == 0 { order.append(successor) }
            }
            head += 1
        }
        return order
    }
}
