/// The nodes of a workflow or of one body, as the expressions in them see each other.
final class ReferenceLevel {
    let nodes: [Node]
    private let positions: [NodeID: Int]
    private let isSequence: Bool
    private let outer: (level: ReferenceLevel, owner: Int)?
    /// For each node the nodes before it, a bit for each: every node may be asked about, in a graph of any depth.
    private lazy var ancestors = makeAncestors()
    private var width: Int { (nodes.count + 63) / 64 }

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
        return ancestors[index * width + target / 64] >> UInt64(target % 64) & 1 == 1
    }

    /// The graph has no cycles: what has is not checked for what its expressions read.
    private func makeAncestors() -> [UInt64] {
        let graph = WorkflowGraph(Workflow(name: "", nodes: nodes))
        let width = width
        var bits = [UInt64](repeating: 0, count: nodes.count * width)
        for index in graph.order {
            let row = index * width
            for predecessor in graph.predecessors[index] {
                let other = predecessor * width
                for word in 0..<width { bits[row + word] |= bits[other + word] }
                bits[row + predecessor / 64] |= 1 << UInt64(predecessor % 64)
            }
        }
        return bits
    }
}
