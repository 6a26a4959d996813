import FlowCore
import FlowJSON

/// What of a workflow can run as chains of LangChain: runnables of which nothing is said but what they are, and what
/// lies between them. Whatever else is said of a node is the planner's to do.
struct ChainMap: Sendable {
    let nodes: [Node]
    /// Whether branches may run in one process; not when the run bounds how many nodes run at a time.
    let mayFanOut: Bool
    private let isSequence: Bool
    private let successors: [[Int]]
    private let places: [NodeID: Int]

    /// - Parameter maxParallel: How many nodes of the run may run at the same time.
    init(_ workflow: Workflow, maxParallel: Int) {
        nodes = workflow.nodes
        mayFanOut = nodes.count <= maxParallel
        isSequence = nodes.allSatisfy { $0.dependsOn == nil }
        var places: [NodeID: Int] = [:]
        var successors: [[Int]] = []
        for (place, node) in nodes.enumerated() { places[node.id] = place }
        if !isSequence {
            successors = Array(repeating: [], count: nodes.count)
            for (place, node) in nodes.enumerated() {
                for id in node.dependsOn ?? [] { if let before = places[id] { successors[before].append(place) } }
            }
        }
        self.places = places
        self.successors = successors
    }

    /// Whether two nodes can run as one at all.
    var hasChains: Bool { nodes.count(where: Self.isPlain) > 1 }

    /// The place of a node that a chain can begin with.
    func place(of node: Node) -> Int? {
        // Nodes of bodies have ids of their own and are none of these.
        guard let found = places[node.id], nodes[found] == node, Self.isPlain(node) else { return nil }
        return found
    }

    /// What comes behind a node.
    func next(_ place: Int) -> [Int] {
        guard isSequence else { return successors[place] }
        return place + 1 < nodes.count ? [place + 1] : []
    }

    /// Whether a node comes behind this one alone.
    func follows(_ place: Int, _ before: Int) -> Bool { Self.isPlain(nodes[place]) && dependsAlone(place, before) }

    private func dependsAlone(_ place: Int, _ before: Int) -> Bool {
        isSequence || nodes[place].dependsOn == [nodes[before].id]
    }

    /// The nodes among which a condition behind a node chooses, when it does nothing else. In a sequence it would also
    /// say over which nodes the run goes.
    func targets(of condition: Int, after before: Int) -> [Int]? {
        let node = nodes[condition]
        guard !isSequence, node.isBareCondition, dependsAlone(condition, before) else { return nil }
        let targets = successors[condition]
        let chosen = Set(node.conditionTargets)
        guard targets.count == chosen.count,
            targets.allSatisfy({ chosen.contains(nodes[$0].id) && follows($0, condition) })
        else { return nil }
        return targets
    }

    /// The one node behind all of these, and behind nothing else.
    func join(of ends: [Int]) -> Int? {
        guard let first = ends.first, let join = next(first).first, ends.allSatisfy({ next($0) == [join] }),
            Self.isPlain(nodes[join]), let order = nodes[join].dependsOn, order.count == ends.count,
            Set(order) == Set(ends.map { nodes[$0].id })
        else { return nil }
        return join
    }

    private static func isPlain(_ node: Node) -> Bool {
        node.type == RunnableNode.type && node.timeout == nil && node.backend == nil && node.rules == nil
    }
}
