/// A workflow with its edges resolved to positions, made once per run and shared.
public final class WorkflowGraph: Sendable {
    /// The workflow.
    public let workflow: Workflow
    /// How many nodes the workflow has, beside those in bodies.
    let nodeCount: Int
    /// The position of every node by its id; empty where few nodes are compared one by one.
    private let positions: [NodeID: Int]
    /// Per node the nodes that have to end before it, in the order of `depends_on`.
    let predecessors: Adjacency
    /// Per node the nodes that wait for it.
    let successors: Adjacency
    /// The nodes that nothing waits for, in order. Left out of a sequence, whose last node this would be.
    let sinks: [Int]
    /// Whether the nodes run in the order of the list.
    let isSequence: Bool

    /// Resolves a workflow whose graph is known to be sound.
    public init(_ workflow: Workflow) {
        let nodes = workflow.nodes
        var positions: [NodeID: Int] = [:]
        if nodes.count > Self.comparedUpTo {
            positions.reserveCapacity(nodes.count)
            for index in nodes.indices { positions[nodes[index].id] = index }
        }
        self.workflow = workflow
        nodeCount = nodes.count
        self.positions = positions
        isSequence = Self.isSequence(nodes)
        guard !isSequence else {
            predecessors = .chain(nodes.count, forward: false)
            successors = .chain(nodes.count, forward: true)
            sinks = []
            return
        }
        var edges: [(from: Int, to: Int)] = []
        for index in nodes.indices {
            for dependency in nodes[index].dependsOn ?? [] {
                if let predecessor = Self.position(of: dependency, in: nodes, positions) {
                    edges.append((index, predecessor))
                }
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
    public func position(of id: NodeID) -> Int? { Self.position(of: id, in: workflow.nodes, positions) }

    private static func position(of id: NodeID, in nodes: [Node], _ positions: [NodeID: Int]) -> Int? {
        guard nodes.count <= comparedUpTo else { return positions[id] }
        for index in nodes.indices where nodes[index].id == id { return index }
        return nil
    }

    /// Whether the nodes run in the order of the list because none names a dependency.
    static func isSequence(_ nodes: [Node]) -> Bool { nodes.indices.allSatisfy { nodes[$0].dependsOn == nil } }
}
