/// A workflow with its edges resolved to positions, made once per run and shared.
public final class WorkflowGraph: Sendable {
    /// The workflow.
    public let workflow: Workflow
    /// The position of every node by its id.
    public let positions: [NodeID: Int]
    /// Per node the nodes that have to end before it, in the order of `depends_on`.
    let predecessors: Adjacency
    /// Per node the nodes that wait for it.
    let successors: Adjacency
    /// The nodes that nothing waits for, in order.
    let sinks: [Int]
    /// Whether the nodes run in the order of the list.
    let isSequence: Bool

    /// Resolves a workflow whose graph is known to be sound.
    public init(_ workflow: Workflow) {
        let nodes = workflow.nodes
        var positions: [NodeID: Int] = [:]
        positions.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() { positions[node.id] = index }
        self.workflow = workflow
        self.positions = positions
        isSequence = Self.isSequence(nodes)
        guard !isSequence else {
            predecessors = .chain(nodes.count, forward: false)
            successors = .chain(nodes.count, forward: true)
            sinks = nodes.isEmpty ? [] : [nodes.count - 1]
            return
        }
        var edges: [(from: Int, to: Int)] = []
        for (index, node) in nodes.enumerated() {
            for dependency in node.dependsOn ?? [] {
                if let predecessor = positions[dependency] { edges.append((index, predecessor)) }
            }
        }
        predecessors = Adjacency(edges, count: nodes.count)
        let successors = Adjacency(edges.map { ($0.to, $0.from) }, count: nodes.count)
        self.successors = successors
        sinks = nodes.indices.filter { successors.count(of: $0) == 0 }
    }

    /// Whether a node waits for several others, whose outputs together are its input.
    func isJoin(_ index: Int) -> Bool { predecessors.count(of: index) > 1 }

    /// Up to this many nodes are faster compared one by one than looked up.
    private static let comparedUpTo = 12

    /// The position of a node, or `nil` when the workflow has none of that id.
    func position(of id: NodeID) -> Int? {
        let nodes = workflow.nodes
        guard nodes.count <= Self.comparedUpTo else { return positions[id] }
        for index in nodes.indices where nodes[index].id == id { return index }
        return nil
    }

    /// Whether the nodes run in the order of the list because none names a dependency.
    static func isSequence(_ nodes: [Node]) -> Bool { nodes.allSatisfy { $0.dependsOn == nil } }
}
