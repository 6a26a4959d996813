public import FlowCore
public import FlowJSON

extension WorkflowService {
    /// What the backends have against the nodes of a submission that is not acceptable as a whole. Nodes that cannot be
    /// read are left out: whoever reads the submission knows what is wrong with them.
    public func diagnose(_ submission: JSONObject) async -> [ValidationIssue] {
        if submission["workflow"] == nil, submission["definition"] != nil {
            return await diagnoseDefinition(in: submission)
        }
        let workflow = submission["workflow"]
        let wish = [submission["backend"], workflow?["backend"]].lazy.compactMap { $0?.string }.first
        let name = wish.flatMap(BackendName.init(checking:)) ?? .native
        guard name != .automatic else { return [] }
        guard let backend = registry.backend(name) else {
            let pointer: JSONPointer = submission["backend"] == nil ? ["workflow", "backend"] : ["backend"]
            return [ValidationIssue(pointer, Self.unknown(name, among: registry), code: .unknownBackend)]
        }
        var issues: [ValidationIssue] = []
        for (index, element) in (workflow?["nodes"]?.array ?? []).prefix(limits.workflow.nodes).enumerated() {
            let pointer: JSONPointer = ["workflow", "nodes", .position(index)]
            guard let node = try? Node(decoding: element, at: pointer) else { continue }
            guard let target = node.backend.map({ registry.backend($0) }) ?? backend else { continue }
            guard !node.isControl else { continue }
            issues += await Self.needs(of: node, on: target).map { $0.under(pointer) }
        }
        return issues
    }

    /// Everything that a backend lacks for a workflow, but for its health.
    nonisolated(nonsending) func unmetNeeds(of request: SubmitRequest, on backend: RegisteredBackend) async
        -> [ValidationIssue]
    {
        // A service may have learned since it was asked last, or not have been there.
        let wishes = request.requires + request.workflow.requires
        if !backend.isBuiltIn, !wishes.allSatisfy(backend.capabilities.has) { _ = await backend.health() }
        var issues = registry.refusals(of: backend).map { $0.under(request.backendPointer) }
        func require(_ names: [String], _ field: @autoclosure () -> JSONPointer) {
            for (index, name) in names.enumerated() where !backend.capabilities.has(name) {
                issues.append(
                    ValidationIssue(
                        field().appending(index), "the backend \"\(backend.name)\" lacks the capability \"\(name)\"",
                        code: .missingCapability))
            }
        }
        require(request.requires, ["requires"])
        require(request.workflow.requires, ["workflow", "requires"])
        if let wish = request.workflow.maxParallel, wish > backend.contract.maxParallel {
            issues.append(
                ValidationIssue(
                    ["workflow", "max_parallel"],
                    "the backend \"\(backend.name)\" runs up to \(backend.contract.maxParallel) nodes of a run at the "
                        + "same time, not \(wish)", code: .limitExceeded))
        }
        if request.durability == .full, backend.contract.durability == .none {
            issues.append(
                ValidationIssue(
                    ["durability"], "runs on the backend \"\(backend.name)\" survive nothing", code: .durability))
        }
        issues += inputNeeds(of: request, on: backend)
        issues += await needs(
            of: request.workflow.nodes, at: ["workflow", "nodes"], on: backend, in: request.workflow.name)
        return request.placed(issues)
    }

    /// What backends have against the size of the run's input, of which only the nodes that get it as it is have any.
    private func inputNeeds(of request: SubmitRequest, on backend: RegisteredBackend) -> [ValidationIssue] {
        guard let input = request.input else { return [] }
        // Most often no node has a backend of its own, and the input is small.
        let fits = JSONMeasure.size(of: input, maxBytes: backend.contract.maxPayloadBytes).excess == nil
        let nodes = request.workflow.nodes
        if fits, nodes.indices.allSatisfy({ nodes[$0].backend == nil }) { return [] }
        var issues: [ValidationIssue] = []
        var measured: Set<BackendName> = []
        for node in request.workflow.roots where !node.isControl && !node.hasOwnInput {
            guard let target = node.backend.map({ registry.backend($0) }) ?? backend,
                measured.insert(target.name).inserted
            else { continue }
            let limit = target.contract.maxPayloadBytes
            guard JSONMeasure.size(of: input, maxBytes: limit).excess != nil else { continue }
            issues.append(
                ValidationIssue(
                    ["input"],
                    "the node \"\(node.id)\" gets the whole input, which is larger than the \(limit) bytes that the "
                        + "backend \"\(target.name)\" takes", code: .limitExceeded))
        }
        return issues
    }

    /// What the backends have against nodes and those in their bodies.
    private nonisolated(nonsending) func needs(
        of nodes: [Node], at place: JSONPointer, on backend: RegisteredBackend, in workflow: String
    ) async -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        for index in nodes.indices {
            // Read in place: a node has many parts to copy.
            if nodes[index].isPlain, backend.issuesAtOnce(nodes[index])?.isEmpty == true { continue }
            let node = nodes[index]
            let target: RegisteredBackend
            if let name = node.backend {
                let pointer = place.appending(index).appending("backend")
                guard let other = registry.backend(name) else {
                    issues.append(
                        ValidationIssue(pointer, Self.unknown(name, among: registry), code: .unknownBackend))
                    continue
                }
                issues += registry.refusals(of: other).map { $0.under(pointer) }
                target = other
            } else {
                target = backend
            }
            guard node.isControl else {
                issues += await Self.needs(of: node, on: target).map { $0.under(place.appending(index)) }
                if let fallback = node.fallback {
                    let pointer = place.appending(index).appending("on_error").appending("fallback")
                    issues += await Self.needs(of: fallback, on: target).map { $0.under(pointer) }
                }
                continue
            }
            let config = place.appending(index).appending("config")
            issues += await needs(of: node.body, at: config.appending("nodes"), on: backend, in: workflow)
            // A workflow that includes itself need not be stored yet.
            if let child = node.childDefinition, child.name.rawValue != workflow {
                do throws(ServiceError) {
                    _ = try await definitions.workflow(
                        child, at: config.appending("definition"), limits: limits.workflow)
                } catch .invalid(let found) {
                    issues += found.map { $0.coded(.invalidDefinition) }
                } catch {
                    // What cannot be read now is no fault of the client's.
                }
            }
        }
        return issues
    }

    /// What a backend has against a node, with pointers within the node.
    private nonisolated(nonsending) static func needs(of node: Node, on backend: RegisteredBackend) async
        -> [ValidationIssue]
    {
        let found: [ValidationIssue]
        if let known = backend.issuesAtOnce(node) {
            found = known
        } else {
            found = await backend.backend.validate(node)
        }
        var issues = node.withoutTemplated(found).map { issue in
            issue.coded(issue.pointer == ["type"] ? .unknownNodeType : .invalidNode)
        }
        if let placement = node.placement, !backend.capabilities.has(BackendCapabilities.distributed) {
            issues.append(
                ValidationIssue(
                    [placement.labels.isEmpty ? "priority" : "worker"],
                    "the backend \"\(backend.name)\" has no workers among which nodes could be placed",
                    code: .missingCapability))
        }
        return issues
    }
}

extension Workflow {
    /// The nodes that wait for no other: the first one of a sequence.
    fileprivate var roots: [Node] {
        if nodes.allSatisfy({ $0.dependsOn == nil }) { return Array(nodes.prefix(1)) }
        return nodes.filter { $0.dependsOn?.isEmpty ?? true }
    }
}

extension Node {
    /// Whether nothing is said of where, how and in what place of another the node is executed.
    fileprivate var isPlain: Bool { rules == nil && backend == nil }
}
