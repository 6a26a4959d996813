import FlowExpressions
import FlowJSON

extension Planner {
    /// What to do about the nodes that the planner carries out itself, and about bodies that have come to their end.
    mutating func nextOfBodies() -> Decision? {
        while true {
            while let number = ended.popLast() {
                if !scopes[number].isOver { return end(scope: number) }
            }
            guard let index = agenda.last else { return nil }
            if nodes[index].isRunning, !isFailing(context.scopeNumber(ofNodeAt: index)), let decision = step(index) {
                return decision
            }
            agenda.removeLast()
        }
    }

    private mutating func step(_ index: Int) -> Decision? {
        let definition = context.definition(ofNodeAt: index)
        let id = context.nodes[index].id
        let input = context.nodes[index].inputData ?? .null
        let scope = context.scopeNumber(ofNodeAt: index)
        switch definition.control {
        case nil, .workflow: return nil
        case .condition(let routes):
            for (place, route) in routes.enumerated() {
                do {
                    guard try route.when?.evaluateBool(RunVariables(context, scope: scope)) ?? true else { continue }
                } catch {
                    return .failNode(id, .expression(error, at: ["config", "routes", .position(place), "when"]))
                }
                return .completeNode(id, output: input, notes: CompletionNotes(next: route.target))
            }
            return .completeNode(id, output: input, notes: nil)
        case .approval(let approval):
            do {
                let prompt = try approval.prompt?.template.render(RunVariables(context, scope: scope)) ?? input
                let start = context.nodes[index].attempt?.startedAt
                let deadline = definition.timeout.flatMap { start?.advanced(by: $0) }
                return .interruptNode(id, Interrupt(prompt: prompt, deadline: deadline))
            } catch {
                return .failNode(id, .expression(error, at: ["config", "prompt"]))
            }
        case .forEach(let loop): return step(index, loop)
        case .loop(let loop): return step(index, loop)
        }
    }

    private mutating func step(_ index: Int, _ loop: Control.ForEach) -> Decision? {
        let id = context.nodes[index].id
        if bodies[index] == nil {
            do throws(NodeFailure) {
                let items = try items(of: loop, index)
                bodies[index] = BodyState(items: items, results: Array(repeating: .null, count: items.count))
            } catch {
                return .failNode(id, error)
            }
        }
        guard let body = bodies[index] else { return nil }
        if let failure = body.failure { return body.active == 0 ? .failNode(id, failure) : nil }
        if body.begun < body.items.count {
            guard body.active < loop.maxParallel ?? .max, hasWork(for: body, index) else { return nil }
            guard hasRoom(for: loop.body.graph) else { return refuseRoom(index) }
            return .startIteration(id, index: body.begun, item: body.items[body.begun])
        }
        guard body.active == 0 else { return nil }
        var notes: CompletionNotes?
        if !body.failedItems.isEmpty {
            let failed = body.failedItems.sorted().map { JSONValue.integer(Int64($0)) }
            notes = CompletionNotes(metadata: ["failed_items": .array(failed)])
        }
        return .completeNode(id, output: .array(body.results), notes: notes)
    }

    /// Whether another iteration would find a free place: iterations that could only wait need not be set up.
    private func hasWork(for body: BodyState, _ index: Int) -> Bool { body.active < 2 * maxParallel }

    /// What a `for_each` runs over.
    func items(of loop: Control.ForEach, _ index: Int) throws(NodeFailure) -> [JSONValue] {
        let value: JSONValue
        do {
            let scope = context.scopeNumber(ofNodeAt: index)
            var variables = RunVariables(context, scope: scope)
            // A run may be moved while the node runs, whose items stay what they were.
            variables.backend = context.nodes[index].attempt?.backend
            value = try loop.items.template.render(variables)
        } catch {
            throw .expression(error, at: ["config", "items"])
        }
        guard let items = value.array else {
            throw NodeFailure(
                .expressionError, "the items are a value of type \(value.typeName), not a list",
                details: ["path": "/config/items"])
        }
        return items
    }

    private mutating func step(_ index: Int, _ loop: Control.Loop) -> Decision? {
        let id = context.nodes[index].id
        var body = bodies[index] ?? BodyState(value: context.nodes[index].inputData ?? .null)
        bodies[index] = body
        if let failure = body.failure { return body.active == 0 ? .failNode(id, failure) : nil }
        guard body.active == 0 else { return nil }
        var variables = RunVariables(context, scope: context.scopeNumber(ofNodeAt: index))
        var path: JSONPointer = ["config", "until"]
        do throws(EvaluationError) {
            if body.isFresh, let until = loop.until {
                variables.item = (body.value, body.begun - 1)
                if try until.evaluateBool(variables) { return .completeNode(id, output: body.value, notes: nil) }
            }
            body.isFresh = false
            bodies[index] = body
            path = ["config", "while"]
            variables.item = (body.value, body.begun)
            if let condition = loop.condition, try !condition.evaluateBool(variables) {
                return .completeNode(id, output: body.value, notes: nil)
            }
        } catch {
            return .failNode(id, .expression(error, at: path))
        }
        guard body.begun < loop.maxIterations else {
            if loop.condition == nil, loop.until == nil {
                return .completeNode(id, output: body.value, notes: nil)
            }
            return .failNode(
                id,
                NodeFailure(
                    .tooManyIterations, "the loop did not end within \(loop.maxIterations) iterations",
                    details: ["max_iterations": .integer(Int64(loop.maxIterations))]))
        }
        guard hasRoom(for: loop.body.graph) else { return refuseRoom(index) }
        return .startIteration(id, index: body.begun, item: body.value)
    }

    private func hasRoom(for graph: WorkflowGraph) -> Bool {
        context.nodes.count + graph.nodeCount <= limits.nodes
    }

    private mutating func refuseRoom(_ index: Int) -> Decision? {
        stop(
            index,
            NodeFailure(.tooLarge, "the iterations have more nodes than a run may have, which are \(limits.nodes)"))
        guard let body = bodies[index], body.active == 0, let failure = body.failure else { return nil }
        return .failNode(context.nodes[index].id, failure)
    }

    /// Has a node fail once its iterations are stopped.
    public mutating func stopIterations(ofNodeAt index: Int, _ failure: NodeFailure) { stop(index, failure) }

    /// Has a node fail once its iterations are stopped.
    mutating func stop(_ owner: Int, _ failure: NodeFailure) {
        guard bodies[owner]?.failure == nil else { return }
        bodies[owner, default: BodyState()].failure = failure
        let cause = Self.stopped(by: failure)
        var iteration = 0
        while let number = context.scopeNumber(of: iteration, ofNodeAt: owner), number < scopes.count {
            fail(scope: number, cause)
            iteration += 1
        }
        agenda.append(owner)
    }

    /// How an iteration ends whose owner fails. It tells of the owner's failure, which has to be known after a crash as well.
    private static func stopped(by failure: NodeFailure) -> NodeFailure {
        NodeFailure(
            .cancelled, "the node that runs the iteration failed", details: [stoppedBy: failure.json])
    }

    private static let stoppedBy = "stopped_by"

    /// Brings a scope to its end: what runs in it is stopped.
    mutating func fail(scope number: Int, _ failure: NodeFailure) {
        guard !scopes[number].isOver, scopes[number].failure == nil else { return }
        scopes[number].failure = failure
        if scopes[number].running == 0 {
            ended.append(number)
            return
        }
        for inner in number..<scopes.count where !scopes[inner].isOver && context.isInside(inner, number) {
            let scope = context.scope(inner)
            for index in scope.base..<scope.base + scope.graph.nodeCount
            where nodes[index].isRunning && nodes[index].isTask {
                toCancel.append(index)
            }
        }
    }

    /// The end of a scope in which nothing runs any more.
    private func end(scope number: Int) -> Decision {
        let scope = context.scope(number)
        let id = context.nodes[scope.owner].id
        if let failure = scopes[number].failure { return .endIteration(id, index: scope.iteration, .failed(failure)) }
        let outcome: IterationOutcome
        if let output = context.writtenRules(ofNodeAt: scope.owner)?.control?.body?.output {
            do {
                outcome = .completed(try output.template.render(RunVariables(context, scope: number)))
            } catch {
                outcome = .failed(.expression(error, at: ["config", "output"]))
            }
        } else {
            outcome = .completed(context.defaultOutput(of: number))
        }
        return .endIteration(id, index: scope.iteration, outcome)
    }

    /// Takes note that an iteration has begun: its nodes that wait for none can run.
    mutating func iterationStarted(_ owner: Int) {
        let scope = context.scope(scopes.count)
        add(scope.graph)
        for local in 0..<scope.graph.nodeCount where scope.graph.predecessors.count(of: local) == 0 {
            ready.append(scope.base + local)
        }
        bodies[owner]?.begun += 1
        bodies[owner]?.active += 1
        agenda.append(owner)
    }

    /// Takes note that an iteration has ended.
    mutating func iterationEnded(_ iteration: Int, _ owner: Int, _ outcome: IterationOutcome) {
        guard let number = context.scopeNumber(of: iteration, ofNodeAt: owner), number < scopes.count else { return }
        close(scope: number)
        agenda.append(owner)
        guard bodies[owner] != nil else { return }
        bodies[owner]?.active -= 1
        record(outcome, of: iteration, owner)
    }

    /// Takes the outcome of an iteration into the state of its owner.
    mutating func record(_ outcome: IterationOutcome, of iteration: Int, _ owner: Int) {
        if case .failed(let failure) = outcome, failure.code == .cancelled,
            let cause = failure.details?[Self.stoppedBy].flatMap(NodeFailure.init(decoding:))
        {
            return stop(owner, cause)
        }
        switch context.writtenRules(ofNodeAt: owner)?.control {
        case .forEach(let loop):
            guard let count = bodies[owner]?.results.count, (0..<count).contains(iteration) else { return }
            switch outcome {
            case .completed(let output): bodies[owner]?.results[iteration] = output
            case .failed(let failure):
                switch loop.onItemError {
                case .replace(let value):
                    bodies[owner]?.results[iteration] = value
                    bodies[owner]?.failedItems.append(iteration)
                case .fail: stop(owner, failure)
                }
            }
        case .loop:
            switch outcome {
            case .completed(let output):
                bodies[owner]?.value = output
                bodies[owner]?.isFresh = true
            case .failed(let failure): stop(owner, failure)
            }
        default: break
        }
    }

    /// Forgets whatever in a scope still waited.
    private mutating func close(scope number: Int) {
        guard scopes[number].unfinished > 0 else {
            scopes[number].isOver = true
            return
        }
        for inner in number..<scopes.count where !scopes[inner].isOver && context.isInside(inner, number) {
            scopes[inner].isOver = true
            let scope = context.scope(inner)
            for index in scope.base..<scope.base + scope.graph.nodeCount {
                if nodes[index].isInterrupted { interrupted -= 1 }
                if nodes[index].isWaiting { waiting -= 1 }
                nodes[index].isInterrupted = false
                nodes[index].isWaiting = false
                nodes[index].isRunning = false
                bodies[index] = nil
            }
        }
    }
}
