public import FlowJSON

/// The outputs that several nodes get together because they wait for the same others, as in layers of a graph.
struct SharedInput: Sendable {
    let base: Int
    let predecessors: ArraySlice<Int>
    let value: JSONValue
}

extension WorkflowContext {
    /// The input that the graph gives a node that starts, kept for the next one that waits for the same others.
    mutating func inputOfStart(ofNodeAt index: Int) -> JSONValue {
        let number = scopeNumber(ofNodeAt: index)
        let (graph, base) = number == 0 ? (graph, 0) : (scope(number).graph, scope(number).base)
        guard !graph.isSequence, graph.isJoin(index - base) else { return defaultInput(ofNodeAt: index) }
        let predecessors = graph.predecessors[index - base]
        if let shared = sharedInput, shared.base == base, shared.predecessors == predecessors { return shared.value }
        let value = outputs(of: predecessors, base: base)
        sharedInput = SharedInput(base: base, predecessors: predecessors, value: value)
        return value
    }

    /// The input that the graph gives a node: the run's, or its iteration's item, for a root; the one predecessor's
    /// output; or the outputs of several by their ids. In a sequence nodes that were skipped are passed over.
    public func defaultInput(ofNodeAt index: Int) -> JSONValue {
        let number = scopeNumber(ofNodeAt: index)
        guard number == 0 else {
            let scope = scope(number)
            return defaultInput(of: index - scope.base, in: scope.graph, base: scope.base) ?? scope.item
        }
        return defaultInput(of: index, in: graph, base: 0) ?? submission.input
    }

    /// Whether a node's default input is made of the outputs of several others.
    public func joins(at index: Int) -> Bool {
        let number = scopeNumber(ofNodeAt: index)
        guard number > 0 else { return graph.isJoin(index) }
        let scope = scope(number)
        return scope.graph.isJoin(index - scope.base)
    }

    /// - Returns: `nil` for a root.
    private func defaultInput(of local: Int, in graph: WorkflowGraph, base: Int) -> JSONValue? {
        if graph.isSequence {
            var place = local - 1
            while place >= 0, nodes[base + place].status == .skipped { place -= 1 }
            return place < 0 ? nil : nodes[base + place].outputData ?? .null
        }
        let predecessors = graph.predecessors
        switch predecessors.count(of: local) {
        case 0: return nil
        case 1: return nodes[base + predecessors.first(of: local)].outputData ?? .null
        default: return outputs(of: predecessors[local], base: base)
        }
    }

    /// The output of the one node of a scope that nothing waits for, or the outputs of several by their ids.
    func defaultOutput(of number: Int) -> JSONValue {
        let scope = scope(number)
        let sinks = scope.graph.sinks
        if scope.graph.isSequence {
            var place = scope.graph.nodeCount - 1
            while place >= 0, nodes[scope.base + place].status == .skipped { place -= 1 }
            return place < 0 ? .null : nodes[scope.base + place].outputData ?? .null
        }
        return sinks.count == 1
            ? nodes[scope.base + sinks[0]].outputData ?? .null : outputs(of: sinks[...], base: scope.base)
    }

    /// Outputs by the ids that the author gave the nodes. Nodes that were skipped have none.
    private func outputs(of indices: ArraySlice<Int>, base: Int) -> JSONValue {
        var outputs = JSONObject()
        for index in indices where nodes[base + index].status != .skipped {
            outputs[writtenDefinition(ofNodeAt: base + index).id.rawValue] = nodes[base + index].outputData ?? .null
        }
        return .object(outputs)
    }
}
