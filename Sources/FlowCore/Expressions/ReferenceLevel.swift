/// The nodes of a workflow or of one body, as the expressions in them see each other.
final class ReferenceLevel {
    let nodes: [Node]
    private let positions: [NodeID: Int]
    private let isSequence: Bool
    private let outer: (level: ReferenceLevel, owner: Int)?
    /// The nodes before the one that was asked about last: several references of one node follow each other.
    private var ancestors: (index: Int, nodes: Set<Int>)?

    init(_ nodes: [Node], outer: (ReferenceLevel, Int)?) {
        self.nodes = nodes
        self.outer = outer
        isSequence = WorkflowGraph.isSequence(nodes)
        var positions: [NodeID: Int] = [:]
        for (index, node) in nodes.enumerated() { positions[node.id] = index }
        self.positions = positions
    }

    /// Whether the nodes are a body.
    var isBody: Bool { outer != nil }

    /// Why a node cannot be read, or `nil` when it has always ended by then.
    ///
    /// - Parameter index: Who reads it; `nil` reads when all nodes of the level have ended.
    func refusal(ofReading id: NodeID, from index: Int?) -> String? {
        guard let target = positions[id] else {
            return outer?.level.refusal(ofReading: id, from: outer?.owner)
                ?? (outer == nil ? "there is no node \"\(id)\"" : nil)
        }
        guard let index else { return nil }
        if target == index { return "a node cannot read itself" }
        if precedes(target, index) { return nil }
        return isSequence
            ? "the node \"\(id)\" comes later"
            : "the node does not depend on \"\(id)\", which may not have ended by then"
    }

    /// Why a condition cannot choose a node, or `nil` when it can.
    func refusal(of target: NodeID, from index: Int) -> String? {
        guard let position = positions[target] else { return "there is no node \"\(target)\"" }
        if isSequence { return position > index ? nil : "the node \"\(target)\" does not come behind the condition" }
        if nodes[position].dependsOn?.contains(nodes[index].id) == true { return nil }
        return "the node \"\(target)\" does not depend on the condition"
    }

    private func precedes(_ target: Int, _ index: Int) -> Bool {
        if isSequence { return target < index }
        if nodes[index].dependsOn?.contains(nodes[target].id) == true { return true }
        if let ancestors, ancestors.index == index { return ancestors.nodes.contains(target) }
        var found: Set<Int> = []
        var open = [index]
        while let next = open.popLast() {
            for id in nodes[next].dependsOn ?? [] {
                if let position = positions[id], found.insert(position).inserted { open.append(position) }
            }
        }
        ancestors = (index, found)
        return found.contains(target)
    }
}
