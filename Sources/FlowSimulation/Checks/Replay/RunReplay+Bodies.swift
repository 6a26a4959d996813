import FlowCore
import FlowJSON

/// Nodes that run others again and again.
extension RunReplay {
    private func elements(of node: NodeState) -> [JSONValue] { node.spec.config["nodes"]?.array ?? [] }

    /// What a `for_each` runs over: the only template that is written is `${input.items}`.
    private func items(of node: NodeState) -> [JSONValue] {
        node.spec.config["items"]?.array ?? input["items"]?.array ?? []
    }

    mutating func startIteration(_ id: NodeID, _ index: Int, _ item: JSONValue) {
        guard let node = nodes[id] else { return wrong("there is no node \(id)") }
        if node.status != .running || isFailing(node.scope) || node.bodyFailure != nil {
            wrong("\(id) begins an iteration")
        }
        if index != node.begun { wrong("iteration \(index) of \(id) begins, not \(node.begun)") }
        if node.spec.type == "for_each" {
            let items = items(of: node)
            if !items.indices.contains(index) || items[index] != item { wrong("\(id) runs over \(item) at \(index)") }
            let most = node.spec.config["max_parallel"]?.integer.map(Int.init) ?? .max
            if node.active >= most { wrong("\(id) runs more than \(most) iterations") }
            nodes[id]?.results.append(.null)
        } else {
            if node.active > 0 { wrong("\(id) runs two iterations") }
            if item != node.value { wrong("\(id) goes on with \(item), not \(node.value)") }
            if loopEnds(node) != false { wrong("\(id) goes on and has come to its end") }
        }
        nodes[id]?.begun += 1
        nodes[id]?.active += 1
        open(elements(of: node), owner: id, index: index, item: item)
    }

    mutating func endIteration(_ id: NodeID, _ index: Int, _ outcome: IterationOutcome) {
        guard let number = scopes.indices.last(where: { scopes[$0].owner == id && scopes[$0].index == index }),
            let node = nodes[id]
        else { return wrong("there is no iteration \(index) of \(id)") }
        if scopes[number].isOver { wrong("iteration \(index) of \(id) ends once more") }
        let isFailing = isFailing(number)
        scopes[number].isOver = true
        nodes[id]?.active -= 1
        switch outcome {
        case .completed(let output):
            let open = scopes[number].addresses.filter { nodes[$0]?.isSettled != true }
            if !open.isEmpty { wrong("iteration \(index) of \(id) ends without \(open)") }
            if output != expectedOutput(of: number) { wrong("iteration \(index) of \(id) gives \(output)") }
            take(output, index, id, node)
        case .failed(let failure):
            if !isFailing, node.spec.hasTimeout, failure.code == .cancelled {
                // Its time is over: all its iterations are stopped.
                nodes[id]?.bodyFailure = .timeout
            } else if !isFailing {
                wrong("iteration \(index) of \(id) fails for no reason")
            }
            close(number)
            switch node.spec.config["on_item_error"] {
            case .string("continue") where node.spec.type == "for_each": take(.null, index, id, node)
            case .object(let policy) where node.spec.type == "for_each":
                take(policy["continue_with"] ?? .null, index, id, node)
            default: if nodes[id]?.bodyFailure == nil { nodes[id]?.bodyFailure = failure.code }
            }
        }
    }

    private mutating func take(_ output: JSONValue, _ index: Int, _ id: NodeID, _ node: NodeState) {
        if node.spec.type == "for_each" {
            if node.results.indices.contains(index) { nodes[id]?.results[index] = output }
        } else {
            nodes[id]?.value = output
        }
    }

    /// Ends what in an iteration has not ended.
    private mutating func close(_ number: Int) {
        for id in scopes[number].addresses {
            if nodes[id]?.isSettled != true { giveUpChild(of: id) }
            for inner in scopes.indices where scopes[inner].owner == id && !scopes[inner].isOver {
                scopes[inner].isOver = true
                close(inner)
            }
            switch nodes[id]?.status {
            case .pending: nodes[id]?.status = .skipped
            case .running, .interrupted: nodes[id]?.status = .cancelled
            default: break
            }
        }
    }

    /// What comes of a node's body; `nil` when it has not come to its end.
    func bodyOutput(_ id: NodeID) -> JSONValue? {
        guard let node = nodes[id], node.active == 0, node.bodyFailure == nil else { return nil }
        if node.spec.type == "loop" { return loopEnds(node) == true ? node.value : nil }
        return node.begun == items(of: node).count ? .array(node.results) : nil
    }

    /// How a node with a body fails, when it does.
    func bodyFailure(_ id: NodeID) -> NodeFailure.Code? {
        guard let node = nodes[id] else { return nil }
        if let failure = node.bodyFailure { return node.active == 0 ? failure : nil }
        guard node.spec.type == "loop", node.active == 0, loopEnds(node) == nil else { return nil }
        return isUndecided(node) ? .expressionError : .tooManyIterations
    }

    /// Whether a condition of a loop has no value.
    private func isUndecided(_ node: NodeState) -> Bool {
        let config = node.spec.config
        let condition = condition(in: node.scope, item: node.value, index: node.begun - 1)
        return node.begun > 0 && config["until"]?.string.map { condition.holds($0) == nil } ?? false
    }

    /// Whether a loop has come to its end; `nil` when it may run no further and has not.
    private func loopEnds(_ node: NodeState) -> Bool? {
        let config = node.spec.config
        if isUndecided(node) { return nil }
        if node.begun > 0, let until = config["until"]?.string,
            condition(in: node.scope, item: node.value, index: node.begun - 1).holds(until) == true
        {
            return true
        }
        if let condition = config["while"]?.string,
            self.condition(in: node.scope, item: node.value, index: node.begun).holds(condition) == false
        {
            return true
        }
        guard node.begun >= config["max_iterations"]?.integer.map(Int.init) ?? 0 else { return false }
        return config["until"] == nil && config["while"] == nil ? true : nil
    }
}
