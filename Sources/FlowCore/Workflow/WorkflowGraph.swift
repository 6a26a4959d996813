/// A workflow with its edges resolved to positions, made once per run and shared.
public final class WorkflowGraph: Sendable {
    /// The workflow.
    public let workflow: Workflow
    /// The position of every node by its id.
    public let positions: [NodeID: Int]
    /// Per node the nodes that have to end before it, in the order of `depends_on`.
    let predecessors: [[Int]]
    /// Per node the nodes that wait for it.
    let successors: [[Int]]
    /// The nodes that nothing waits for, in order.
    let sinks: [Int]

    /// Resolves a workflow whose graph is known to be sound.
    public init(_ workflow: Workflow) {
        let nodes = workflow.nodes
        var positions: [NodeID: Int] = [:]
        positions.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() { positions[node.id] = index }
        var predecessors = [[Int]](repeating: [], count: nodes.count)
        var successors = predecessors
        if Self.isSequence(nodes) {
            for index in nodes.indices.dropFirst() {
                predecessors[index] = [index - 1]
                successors[index - 1] = [index]
            }
        } else {
            for (index, node) in nodes.enumerated() {
                predecessors[index] = (node.dependsOn ?? []).compactMap { positions[$0] }
                for predecessor in predecessors[index] { successors[predecessor].append(index) }
            }
        }
        self.workflow = workflow
        self.positions = positions
        self.predecessors = predecessors
        self.sinks = nodes.indices.filter { successors[$0].isEmpty }
        self.successors = successors
    }

    /// Whether the nodes run in the order of the list because none names a dependency.
    static func isSequence(_ nodes: [Node]) -> Bool { nodes.allSatisfy { $0.dependsOn == nil } }
}
