import FlowExpressions
import FlowJSON
import HeapModule

extension Planner {
    /// Sets up a run of which nothing has happened.
    mutating func begin() {
        add(context.graph)
        for index in nodes.indices where nodes[index].missing == 0 { ready.append(index) }
    }

    /// Makes room for the nodes of another scope.
    mutating func add(_ graph: WorkflowGraph) {
        let count = graph.nodeCount
        scopes.append(ScopeState(unfinished: count))
        // Room for exactly so many more would be made, and all be moved, with each iteration.
        if scopes.count == 1 { nodes.reserveCapacity(count) }
        for local in 0..<count {
            nodes.append(NodeState(missing: Int32(truncatingIfNeeded: graph.predecessors.count(of: local))))
        }
        if scopes.count == 1 { ready.reserveCapacity(count) }
    }

    /// What to do about the next node whose predecessors have ended.
    mutating func nextReady(_ now: Timestamp) -> Decision? {
        while head < ready.count {
            let index = ready[head]
            let number = context.scopeNumber(ofNodeAt: index)
            guard context.nodes[index].status == .pending || context.nodes[index].status == .running,
                !nodes[index].isRunning, !scopes[number].isOver, !isFailing(number)
            else {
                head += 1
                continue
            }
            let rules = context.rules(ofNodeAt: index)
            let isFirst = context.nodes[index].attempt == nil
            let id = context.nodes[index].id
            if isFirst, isPassedBy(index, rules, in: number) {
                head += 1
                return .skipNode(id)
            }
            if !isFirst, let failure = overdue(index, now) {
                head += 1
                if context.nodes[index].status == .running { give(up: index) }
                return .failNode(id, failure)
            }
            if scopes[0].running >= maxParallel, Self.runsAsTask(rules) { return nil }
            head += 1
            if isFirst || isUndecided(index), let when = rules?.when {
                do {
                    guard try when.evaluateBool(RunVariables(context, scope: number)) else { return .skipNode(id) }
                } catch {
                    return .failNode(id, .expression(error, at: ["when"]))
                }
            }
            return .startNode(id, attempt: (context.nodes[index].attempt?.number ?? 0) + 1)
        }
        return nil
    }

    /// Whether the condition of a node had no value, so that it still has to hold before an attempt is made.
    private func isUndecided(_ index: Int) -> Bool {
        guard let error = context.nodes[index].attempt?.error, error.code == .expressionError else { return false }
        return error.details?["path"] == "/when"
    }

    /// Whether what came before a node does not lead to it. In a sequence nodes that were skipped are passed over.
    private func isPassedBy(_ index: Int, _ rules: NodeRules?, in number: Int) -> Bool {
        if nodes[index].isBarred { return true }
        let (graph, base) = place(of: number)
        let count = graph.predecessors.count(of: index - base)
        guard count > 0, !graph.isSequence else { return false }
        switch rules?.join ?? .any {
        case .any: return nodes[index].passable == 0
        case .all: return nodes[index].passable < count
        }
    }

    /// Whether a scope, or one around it, is coming to its end, so that nothing more begins in it.
    func isFailing(_ number: Int) -> Bool {
        var next: Int? = number
        while let current = next {
            if scopes[current].failure != nil { return true }
            next = current == 0 ? nil : context.scope(current).outer
        }
        return false
    }

    /// The graph of a scope and the place of its first node.
    func place(of number: Int) -> (graph: WorkflowGraph, base: Int) {
        guard number > 0 else { return (context.graph, 0) }
        let scope = context.scope(number)
        return (scope.graph, scope.base)
    }

    /// Takes note that an attempt has begun.
    mutating func started(_ index: Int) {
        guard !nodes[index].isRunning else { return }
        nodes[index].isRunning = true
        let rules = context.rules(ofNodeAt: index)
        nodes[index].isTask = Self.runsAsTask(rules)
        if nodes[index].isTask {
            count(1, from: context.scopeNumber(ofNodeAt: index))
            return
        }
        agenda.append(index)
        if rules?.control?.body != nil, let timeout = context.definition(ofNodeAt: index).timeout,
            let start = context.nodes[index].attempt?.startedAt
        {
            alarms.insert(Alarm(instant: start.advanced(by: timeout), index: index, reason: .body))
        }
    }

    /// Takes note that a node runs, or waits for its answer, no more.
    ///
    /// - Returns: `nil` when it did neither.
    mutating func leave(_ id: NodeID) -> Int? {
        guard let index = context.position(of: id) else { return nil }
        if nodes[index].isInterrupted {
            nodes[index].isInterrupted = false
            interrupted -= 1
            return index
        }
        guard nodes[index].isRunning else { return nil }
        nodes[index].isRunning = false
        // What ran counts, and not what takes its place from now on.
        if nodes[index].isTask { count(-1, from: context.scopeNumber(ofNodeAt: index)) } else { bodies[index] = nil }
        return index
    }

    /// Counts nodes that run, in a scope and in all around it.
    mutating func count(_ change: Int, from number: Int) {
        var next: Int? = number
        while let current = next {
            scopes[current].running += change
            if current > 0, scopes[current].running == 0, scopes[current].failure != nil, !scopes[current].isOver {
                ended.append(current)
            }
            next = current == 0 ? nil : context.scope(current).outer
        }
    }

    /// Whether a backend or another run carries the node out, and not the planner.
    func runsAsTask(_ index: Int) -> Bool { Self.runsAsTask(context.rules(ofNodeAt: index)) }

    private static func runsAsTask(_ rules: NodeRules?) -> Bool {
        guard let rules else { return true }
        switch rules.control {
        case nil, .workflow: return true
        case .condition, .approval, .forEach, .loop: return false
        }
    }

    /// Has what follows a node that has ended wait for it no more.
    mutating func settle(_ index: Int) {
        let number = context.scopeNumber(ofNodeAt: index)
        let (graph, base) = place(of: number)
        let isPassable = context.nodes[index].status != .skipped
        for local in graph.successors[index - base] {
            let successor = base + local
            nodes[successor].missing -= 1
            if isPassable { nodes[successor].passable += 1 }
            if nodes[successor].missing == 0, !context.nodes[successor].status.isFinished { ready.append(successor) }
        }
        scopes[number].unfinished -= 1
        if scopes[number].unfinished == 0, number > 0 { ended.append(number) }
    }

    /// Keeps the nodes from running that a choice went past.
    mutating func bar(from index: Int, notes: CompletionNotes?) {
        // The fallback of a condition chooses nothing.
        let isItself = !context.nodes[index].usesFallback
        let control = isItself ? context.writtenRules(ofNodeAt: index)?.control : nil
        guard control != nil || notes?.next != nil else { return }
        let (graph, base) = place(of: context.scopeNumber(ofNodeAt: index))
        if case .condition(let routes) = control {
            for route in routes where route.target != notes?.next {
                if let local = graph.position(of: route.target) { nodes[base + local].isBarred = true }
            }
        } else if let next = notes?.next, let target = graph.position(of: next) {
            if graph.isSequence {
                for local in (index - base + 1)..<max(target, index - base + 1) { nodes[base + local].isBarred = true }
            } else {
                for local in graph.successors[index - base] where local != target {
                    nodes[base + local].isBarred = true
                }
            }
        }
    }

    /// Why a node cannot be the next after another one, or `nil` when it can.
    public func refusal(ofNext next: NodeID, after id: NodeID) -> String? {
        guard let index = context.position(of: id) else { return "there is no node \"\(id)\"" }
        let (graph, base) = place(of: context.scopeNumber(ofNodeAt: index))
        guard let target = graph.position(of: next) else { return "there is no node \"\(next)\"" }
        if graph.isSequence {
            return target > index - base ? nil : "the node \"\(next)\" does not come later"
        }
        return graph.successors[index - base].contains(target)
            ? nil : "the node \"\(next)\" does not depend on the one that names it"
    }
}
