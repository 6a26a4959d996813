import FlowJSON

/// The iterations of a run's bodies, and the nodes in them.
struct Iterations: Sendable {
    /// The scope of each iteration, in the order in which they began.
    var scopes: [Scope] = []
    /// For each node behind the workflow's own the scope that it is in.
    var scopeOfNode: [Int] = []
    var positions: [NodeID: Int] = [:]
    /// The scope of an owner's iteration.
    var numbers: [Key: Int] = [:]

    struct Key: Hashable, Sendable {
        let owner: Int
        let iteration: Int
    }
}

extension WorkflowContext {
    /// How many scopes there are, the workflow's own included.
    var scopeCount: Int { iterations.scopes.count + 1 }

    /// The nodes that run together; 0 is the workflow itself.
    func scope(_ number: Int) -> Scope {
        guard number == 0 else { return iterations.scopes[number - 1] }
        return Scope(graph: graph, base: 0, owner: -1, outer: nil, iteration: 0, item: .null)
    }

    /// The number of the scope that a node is in.
    func scopeNumber(ofNodeAt index: Int) -> Int {
        let own = graph.nodeCount
        return index < own ? 0 : iterations.scopeOfNode[index - own]
    }

    /// The scope of one iteration of a node's body.
    func scopeNumber(of iteration: Int, ofNodeAt owner: Int) -> Int? {
        iterations.numbers[Iterations.Key(owner: owner, iteration: iteration)]
    }

    /// The place of a node in ``nodes``, also of one in a body by its address, such as `charge[3].notify`.
    public func position(of id: NodeID) -> Int? { graph.position(of: id) ?? iterations.positions[id] }

    /// What the author wrote of a node; of one whose fallback has taken its place the fallback, under the node's id.
    public func definition(ofNodeAt index: Int) -> Node {
        let written = writtenDefinition(ofNodeAt: index)
        guard nodes[index].usesFallback, case .fallback(let other) = written.rules?.onError else { return written }
        var fallback = other
        fallback.id = written.id
        fallback.timeout = written.timeout
        fallback.backend = written.backend
        return fallback
    }

    /// The rules of a node as it is executed; most nodes have none.
    func rules(ofNodeAt index: Int) -> NodeRules? {
        guard !nodes[index].usesFallback else { return definition(ofNodeAt: index).rules }
        return writtenRules(ofNodeAt: index)
    }

    /// The rules that the author wrote of a node.
    func writtenRules(ofNodeAt index: Int) -> NodeRules? {
        // Read in place: a node has many parts to copy.
        let own = graph.nodeCount
        guard index >= own else { return graph.workflow.nodes[index].rules }
        let number = iterations.scopeOfNode[index - own] - 1
        return iterations.scopes[number].graph.workflow.nodes[index - iterations.scopes[number].base].rules
    }

    /// The type of a node; of one whose fallback has taken its place the fallback's.
    public func type(ofNodeAt index: Int) -> String {
        guard index < graph.nodeCount, !nodes[index].usesFallback else {
            return definition(ofNodeAt: index).type
        }
        return graph.workflow.nodes[index].type
    }

    /// What the author wrote of a node.
    func writtenDefinition(ofNodeAt index: Int) -> Node {
        let own = graph.nodeCount
        guard index >= own else { return graph.workflow.nodes[index] }
        let scope = iterations.scopes[iterations.scopeOfNode[index - own] - 1]
        return scope.graph.workflow.nodes[index - scope.base]
    }

    /// Begins an iteration: its nodes take their places behind all others.
    mutating func begin(_ iteration: Int, ofNodeAt owner: Int, item: JSONValue) {
        guard let graph = writtenDefinition(ofNodeAt: owner).control?.body?.graph else { return }
        let outer = scopeNumber(ofNodeAt: owner)
        let base = nodes.count
        iterations.scopes.append(
            Scope(graph: graph, base: base, owner: owner, outer: outer, iteration: iteration, item: item))
        let number = iterations.scopes.count
        iterations.numbers[Iterations.Key(owner: owner, iteration: iteration)] = number
        let prefix = "\(nodes[owner].id)[\(iteration)]."
        for node in graph.workflow.nodes {
            let id = NodeID(prefix + node.id.rawValue)
            iterations.positions[id] = nodes.count
            iterations.scopeOfNode.append(number)
            nodes.append(NodeContext(id: id))
        }
    }

    /// Ends an iteration, and with it whatever in it has not ended.
    mutating func end(_ iteration: Int, ofNodeAt owner: Int, _ outcome: IterationOutcome, at time: Timestamp) {
        guard let number = scopeNumber(of: iteration, ofNodeAt: owner) else { return }
        iterations.scopes[number - 1].outcome = outcome
        guard case .failed = outcome else { return }
        for inner in number...iterations.scopes.count where isInside(inner, number) {
            let scope = iterations.scopes[inner - 1]
            for index in scope.base..<scope.base + scope.graph.nodeCount {
                close(nodeAt: index, unstarted: .skipped, at: time)
            }
        }
    }

    /// Whether a scope is another one or in it.
    func isInside(_ inner: Int, _ outer: Int) -> Bool {
        var number: Int? = inner
        while let current = number {
            if current == outer { return true }
            number = current == 0 ? nil : iterations.scopes[current - 1].outer
        }
        return false
    }
}
