import FlowCore
import FlowJSON

/// What the graph says: which nodes are passed over, what they work on, what comes of all.
extension RunReplay {
    /// The addresses of the nodes that a node waits for.
    private func before(_ id: NodeID) -> [NodeID] {
        guard let node = nodes[id] else { return [] }
        return node.spec.before.map { scopes[node.scope].addresses[$0] }
    }

    /// Those before a node that have not ended.
    func missing(_ id: NodeID) -> [NodeID] { before(id).filter { nodes[$0]?.isSettled != true } }

    /// Whether the node is not to run; `nil` when its condition has no value.
    func isPassedBy(_ id: NodeID) -> Bool? {
        guard let node = nodes[id] else { return nil }
        if node.isBarred { return true }
        let before = before(id)
        if !scopes[node.scope].isSequence, !before.isEmpty {
            let skipped = before.count { nodes[$0]?.status == .skipped }
            if node.spec.needsAll ? skipped > 0 : skipped == before.count { return true }
        }
        guard let when = node.spec.when else { return false }
        return condition(in: node.scope).holds(when).map { !$0 }
    }

    /// What conditions see from within a scope.
    func condition(in scope: Int, item: JSONValue? = nil, index: Int? = nil) -> Condition {
        let state = scopes[scope]
        func address(_ name: String) -> NodeID? {
            let place = state.addresses.firstIndex { nodes[$0]?.spec.id == name }
            return place.map { state.addresses[$0] } ?? (nodes[NodeID(name)] != nil ? NodeID(name) : nil)
        }
        return Condition { path in
            let parts = path.split(separator: ".").map(String.init)
            switch parts.first {
            case "input": return input["value"]?.integer
            case "index": return Int64(index ?? state.index)
            case "item": return (item ?? state.item)["value"]?.integer
            default:
                guard parts.count == 4, let id = address(parts[1]) else { return nil }
                return nodes[id]?.output?["value"]?.integer
            }
        } status: { name in
            address(name).flatMap { nodes[$0]?.status }.map { $0 == .tolerated ? "failed" : $0.rawValue }
        }
    }

    /// What the graph gives a node to work on.
    func expectedInput(_ id: NodeID) -> JSONValue {
        guard let node = nodes[id] else { return .null }
        let scope = scopes[node.scope]
        let origin = scope.owner == nil ? input : scope.item
        guard let place = scope.addresses.firstIndex(of: id) else { return .null }
        if scope.isSequence {
            let earlier = scope.addresses[..<place].last { nodes[$0]?.status != .skipped }
            return earlier.map { nodes[$0]?.output ?? .null } ?? origin
        }
        let before = before(id)
        switch before.count {
        case 0: return origin
        case 1: return nodes[before[0]]?.output ?? .null
        default: return outputs(of: before)
        }
    }

    /// What comes of nodes that have all ended.
    func expectedOutput(of number: Int) -> JSONValue {
        let scope = scopes[number]
        if scope.isSequence {
            let last = scope.addresses.last { nodes[$0]?.status != .skipped }
            return last.map { nodes[$0]?.output ?? .null } ?? .null
        }
        var waitedFor: Set<Int> = []
        for id in scope.addresses { waitedFor.formUnion(nodes[id]?.spec.before ?? []) }
        let sinks = scope.addresses.indices.filter { !waitedFor.contains($0) }.map { scope.addresses[$0] }
        return sinks.count == 1 ? nodes[sinks[0]]?.output ?? .null : outputs(of: sinks)
    }

    private func outputs(of ids: [NodeID]) -> JSONValue {
        var object = JSONObject()
        for id in ids where nodes[id]?.status != .skipped {
            object[nodes[id]?.spec.id ?? ""] = nodes[id]?.output ?? .null
        }
        return .object(object)
    }

    /// Whether what a scope is part of comes to its end, so that nothing in it begins any more.
    func isFailing(_ number: Int) -> Bool {
        let scope = scopes[number]
        if scope.isFailing || scope.isOver { return true }
        guard let owner = scope.owner, let node = nodes[owner] else { return isCancelled }
        return node.bodyFailure != nil || node.status != .running || isFailing(node.scope)
    }
}
