import FlowCore

/// Runs that repeat others from one of their nodes on.
extension RunReplay {
    /// Puts the nodes where the earlier run had left them.
    mutating func takeOver(_ origin: RunOrigin) {
        for (id, taken) in origin.taken {
            guard let node = nodes[id] else { return wrong("\(id) is taken over and is no node") }
            switch taken.status {
            case .completed: nodes[id]?.status = .completed
            case .skipped: nodes[id]?.status = .skipped
            case .failed: nodes[id]?.status = .tolerated
            default: wrong("\(id) is taken over and was \(taken.status.rawValue)")
            }
            nodes[id]?.output = taken.output
            if node.spec.type == "condition", taken.status == .completed {
                bar(id, allBut: taken.notes?.next?.rawValue)
            }
        }
    }

    /// What is wrong with what another run has taken over of this one.
    func problems(of origin: RunOrigin) -> [String] {
        guard let scope = scopes.first else { return ["repeats a run that has no nodes"] }
        guard let from = origin.from else { return origin.taken.isEmpty ? [] : ["takes nodes over from nowhere"] }
        var problems: [String] = []
        var follows: Set<NodeID> = [from]
        // Nodes wait for none behind them in the list.
        for id in scope.addresses {
            guard let node = nodes[id] else { continue }
            let before = node.spec.before.map { scope.addresses[$0] }
            if before.contains(where: follows.contains) { follows.insert(id) }
            let mayBeTaken =
                !follows.contains(id) && node.isSettled && before.allSatisfy { origin.taken[$0] != nil }
            guard let taken = origin.taken[id] else {
                // What a failed run passed over at its very end looks as what it never came to, and is looked at anew;
                // a condition whose failure was replaced chooses anew.
                let isOpen = node.status == .skipped && end != .completed || node.spec.type == "condition"
                if mayBeTaken, !isOpen { problems.append("does not take over \(id), which had ended") }
                continue
            }
            if !mayBeTaken { problems.append("takes over \(id), which is \(node.status)") }
            if taken.output != node.output { problems.append("takes over another output of \(id)") }
        }
        return problems
    }
}
