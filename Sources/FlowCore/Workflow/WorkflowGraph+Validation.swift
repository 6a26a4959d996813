import FlowJSON

extension WorkflowGraph {
    /// What is wrong with the edges of a list of nodes: ids that occur twice, dependencies on nodes that do not exist
    /// or on the node itself, and cycles, named in full.
    ///
    /// - Parameter location: The place of the list in the client's document.
    static func issues(of nodes: [Node], at location: @autoclosure () -> JSONPointer) -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        var positions: [NodeID: Int] = [:]
        positions.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            if let first = positions[node.id] {
                issues.append(
                    ValidationIssue(
                        location().appending(index).appending("node_id"),
                        "the id \"\(node.id)\" is taken by the node at \(location().appending(first))"))
            } else {
                positions[node.id] = index
            }
        }
        if isSequence(nodes) { return issues }
        var edges = [[Int]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for (place, dependency) in (node.dependsOn ?? []).enumerated() {
                let detail: String
                if dependency == node.id {
                    detail = "the node depends on itself"
                } else if let target = positions[dependency] {
                    edges[index].append(target)
                    continue
                } else {
                    detail = "there is no node \"\(dependency)\""
                }
                issues.append(
                    ValidationIssue(location().appending(index).appending("depends_on").appending(place), detail))
            }
        }
        for cycle in cycles(edges) {
            let names = (cycle + [cycle[0]]).map { nodes[$0].id.rawValue }.joined(separator: " -> ")
            issues.append(
                ValidationIssue(
                    location().appending(cycle[0]).appending("depends_on"), "the nodes form a cycle: \(names)"))
        }
        return issues
    }

    /// Finds cycles, one for each edge that closes one and up to twenty of them, each as the nodes in order of dependency.
    ///
    /// The search keeps its own stack, since a chain may be as long as the limit on nodes.
    private static func cycles(_ edges: [[Int]]) -> [[Int]] {
        enum Mark { case unseen, open, closed }
        var marks = [Mark](repeating: .unseen, count: edges.count)
        var found: [[Int]] = []
        for root in edges.indices where marks[root] == .unseen {
            var path: [(node: Int, next: Int)] = [(root, 0)]
            marks[root] = .open
            while let (node, next) = path.last {
                guard next < edges[node].count else {
                    marks[node] = .closed
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let target = edges[node][next]
                switch marks[target] {
                case .closed: break
                case .unseen:
                    marks[target] = .open
                    path.append((target, 0))
                case .open:
                    if let start = path.firstIndex(where: { $0.node == target }) {
                        found.append(path[start...].map(\.node))
                        // Enough to mend; a graph of knots would have very many.
                        if found.count == 20 { return found }
                    }
                }
            }
        }
        return found
    }
}
