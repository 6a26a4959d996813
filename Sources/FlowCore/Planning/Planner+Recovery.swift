import FlowJSON

extension Planner {
    /// Sets up a run of which something has happened.
    mutating func restore() {
        for number in 0..<context.scopeCount { add(context.scope(number).graph) }
        for number in 1..<max(context.scopeCount, 1) {
            let scope = context.scope(number)
            scopes[number].isOver = scope.outcome != nil || scope.outer.map { scopes[$0].isOver } ?? false
        }
        if context.cancelRequestedAt != nil { ending = .cancellation(reason: context.cancelReason) }
        for number in scopes.indices where !scopes[number].isOver {
            let (graph, base) = place(of: number)
            for index in base..<base + graph.nodeCount where context.nodes[index].isSettled {
                // A node whose failure was replaced has chosen nothing.
                if context.nodes[index].status == .completed, context.nodes[index].attempt?.error == nil {
                    bar(from: index, notes: context.nodes[index].notes)
                }
                settle(index)
            }
        }
        restoreBodies()
        ready = []
        for number in scopes.indices where !scopes[number].isOver {
            let (graph, base) = place(of: number)
            for index in base..<base + graph.nodeCount { restore(index, in: number) }
        }
    }

    private mutating func restore(_ index: Int, in number: Int) {
        let node = context.nodes[index]
        switch node.status {
        case .completed, .skipped, .cancelled: break
        case .failed:
            guard !node.isTolerated else { break }
            let failure = Self.failure(of: node)
            if number > 0 {
                fail(scope: number, failure)
            } else if ending == nil {
                ending = .failure(failure)
            }
        case .interrupted: if let interrupt = node.interrupt { wait(for: interrupt, at: index) }
        case .running where !runsAsTask(index):
            nodes[index].isRunning = false
            started(index)
        case .pending, .running:
            if node.status == .pending, let instant = node.retryAt {
                awaitRetry(instant, index)
            } else if nodes[index].missing == 0 {
                if node.status == .running, isHopeless(node) {
                    give(up: index)
                    hopeless.append(index)
                } else {
                    ready.append(index)
                }
            }
        }
    }

    /// Whether the server stopped so often during attempts at a node that the node may be the reason.
    private func isHopeless(_ node: NodeContext) -> Bool {
        node.earlierAttempts.count { $0.error?.code == .lost } + 1 >= limits.lostAttempts
    }

    /// Takes a node whose last attempt was lost for one that runs, so that it can fail.
    mutating func give(up index: Int) {
        nodes[index].isRunning = true
        nodes[index].isTask = true
        count(1, from: context.scopeNumber(ofNodeAt: index))
    }

    /// Finds how far the nodes are whose bodies run.
    private mutating func restoreBodies() {
        for (index, node) in context.nodes.enumerated() where node.status == .running {
            guard !scopes[context.scopeNumber(ofNodeAt: index)].isOver else { continue }
            switch context.definition(ofNodeAt: index).control {
            case .forEach(let loop):
                // What the items were made of has not changed since: only nodes before this one can be read.
                guard let items = try? items(of: loop, index) else { continue }
                bodies[index] = BodyState(items: items, results: Array(repeating: .null, count: items.count))
            case .loop: bodies[index] = BodyState(value: node.inputData ?? .null)
            default: break
            }
        }
        for number in scopes.indices.dropFirst() {
            let scope = context.scope(number)
            guard bodies[scope.owner] != nil else { continue }
            bodies[scope.owner]?.begun += 1
            if let outcome = scope.outcome {
                record(outcome, of: scope.iteration, scope.owner)
            } else {
                bodies[scope.owner]?.active += 1
            }
        }
    }
}
