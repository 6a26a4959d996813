import FlowCore
import FlowJSON

/// An attempt at a node that is computed inline, for which something may have to be waited.
struct InlineNode {
    let request: NodeRequest
    let target: any Backend
    /// Who is behind the names for the whole attempt, when that was told in the journal.
    let view: BackendView?
    let isIntroduced: Bool
}

extension RunDriver {
    /// Begins an attempt at a node, which goes on with the next write to the journal unless its result is there at once.
    ///
    /// - Returns: what is to be computed first.
    mutating func start(_ id: NodeID, attempt: Int) throws(BackendError) -> InlineNode? {
        guard let index = planner.context.position(of: id) else { return nil }
        let definition = planner.context.definition(ofNodeAt: index)
        let isIntroduced = definition.backend != nil || !introductions.isKnown
        if isIntroduced { introduce(definition.backend ?? backend.name) }
        // What the attempt looks up is what was introduced, whatever is registered meanwhile.
        let view = isIntroduced ? introductions.view : nil
        let input: JSONValue?
        do throws(NodeFailure) {
            input = try planner.input(ofNodeAt: index)
            // What is too large must not be written either.
            if let input, let failure = admit(input, "input") { throw failure }
        } catch {
            record(.nodeStarted(id, attempt: attempt, backend: definition.backend ?? backend.name, input: nil))
            fail(id, attempt: attempt, error)
            return nil
        }
        let name = definition.backend ?? backend.name
        record(.nodeStarted(id, attempt: attempt, backend: name, input: input), at: now)
        if input == nil, let failure = refusal(ofInputAt: index) {
            fail(id, attempt: attempt, failure)
            return nil
        }
        guard !definition.isControl else {
            // The planner goes on with the node, unless another run has to be started.
            try startChild(definition, at: index, attempt: attempt)
            return nil
        }
        guard let target = name == backend.name ? backend : BackendView.seen(view, { engine.lookup(name) })
        else {
            let failure = NodeFailure(.unavailable, "the backend \"\(name)\" is not registered", retriable: true)
            fail(id, attempt: attempt, failure)
            return nil
        }
        var node = definition
        if definition.hasTemplatedConfig {
            do throws(NodeFailure) {
                node = try planner.rendered(definition, at: index, secrets: engine.secrets)
            } catch {
                fail(id, attempt: attempt, error)
                return nil
            }
        }
        // A node in a body goes by its address in the run.
        if node.id != id { node.id = id }
        let given = planner.context.nodes[index].inputData ?? .null
        if let result = BackendView.seen(view, { target.pureResult(of: node, input: given) }) {
            conclude(id, attempt: attempt, .success(result), isCancelling: false)
            return nil
        }
        let request = NodeRequest(node: node, input: given, attempt: attempt, run: information, clock: engine.clock)
        guard BackendView.seen(view, { target.computesInline(node) }) else {
            if let known = BackendView.seen(view, { target.knownResult(of: request) }) {
                conclude(id, attempt: attempt, .success(known), isCancelling: false)
                return nil
            }
            children[id] = RunningNode(attempt: attempt, work: .node(node, target), view: view)
            launches.append(id)
            return nil
        }
        return InlineNode(request: request, target: target, view: view, isIntroduced: isIntroduced)
    }

    /// Computes an attempt.
    nonisolated(nonsending) mutating func compute(_ node: consuming InlineNode) async {
        var request = node.request
        // What is part of the server hands nothing on.
        let switches = node.isIntroduced ? SwitchLog() : nil
        if let switches { request.report = { switches.add($0) } }
        let result =
            node.isIntroduced
            ? await BackendView.$current.withValue(node.view) { [request] in await execute(request, on: node.target) }
            : await execute(request, on: node.target)
        let (id, attempt) = (request.node.id, request.attempt)
        for change in switches?.all ?? [] { record(change, of: id, attempt: attempt) }
        conclude(id, attempt: attempt, result, isCancelling: false)
    }

    nonisolated(nonsending) private func execute(
        _ request: NodeRequest, on target: any Backend
    ) async -> Result<NodeResult, BackendError> {
        do { return .success(try await target.executeNode(request)) } catch {
            return .failure(await error.owned(by: target))
        }
    }

    /// Prepares the run that a node starts.
    private mutating func startChild(_ definition: Node, at index: Int, attempt: Int) throws(BackendError) {
        let context = planner.context
        guard let reference = definition.childDefinition, let child = context.child(ofNodeAt: index) else { return }
        let id = context.nodes[index].id
        let depth = (context.submission.parent?.depth ?? 0) + 1
        guard depth < engine.limits.nesting else {
            return fail(
                id, attempt: attempt,
                NodeFailure(
                    .tooDeep, "\(depth) runs stand above this one, which is the limit of runs that start each other"))
        }
        let variables: JSONObject
        do throws(NodeFailure) {
            variables = try planner.childVariables(ofNodeAt: index)
            if let failure = admit(.object(variables), "set of variables") { throw failure }
        } catch {
            return fail(id, attempt: attempt, error)
        }
        let request = ChildRuns.Request(
            id: child, definition: reference, input: context.nodes[index].inputData ?? .null, variables: variables,
            backend: definition.backend ?? backend.name, labels: context.submission.labels,
            durability: context.submission.durability, traceparent: context.submission.traceparent,
            parent: RunParent(id: context.id, node: id, depth: depth))
        children[id] = RunningNode(attempt: attempt, work: .run(request))
        launches.append(id)
    }

    /// Why a node cannot have its input. One predecessor's output has been measured before.
    private func refusal(ofInputAt index: Int) -> NodeFailure? {
        guard planner.context.joins(at: index), let input = planner.context.nodes[index].inputData else {
            return nil
        }
        let limits = engine.limits
        let (_, excess) = JSONMeasure.size(of: input, maxBytes: limits.payloadBytes, maxDepth: limits.payloadDepth)
        return excess.map { Self.failure($0, "input", limits) }
    }
}
