public import FlowCore
public import FlowJSON

extension WorkflowService {
    /// The backend of a run: the one that was named, the workflow's own, or `native`; of `auto` the first healthy one
    /// that can run it.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` with every need that the backend does not meet.
    func choose(_ request: SubmitRequest) async throws(ServiceError) -> BackendName {
        let name = request.backend ?? request.workflow.backend ?? .native
        guard name == .automatic else {
            try refuseUnknownBackend(request)
            guard let backend = registry.backend(name) else { throw .unavailable("the backend has just been removed") }
            let unmet = await unmetNeeds(of: request, on: backend)
            guard unmet.isEmpty else { throw .invalid(unmet) }
            return name
        }
        var reasons: [ValidationIssue] = []
        for match in await match(request) {
            if match.isAccepted { return match.backend }
            reasons += match.unmet.map { ValidationIssue($0.pointer, "\(match.backend): \($0.detail)") }
        }
        throw .invalid(reasons)
    }

    /// Refuses a wish for a backend that there is not.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` with the backends that there are.
    public func refuseUnknownBackend(_ request: SubmitRequest) throws(ServiceError) {
        let name = request.backend ?? request.workflow.backend ?? .native
        guard name != .automatic, registry.backend(name) == nil else { return }
        let pointer: JSONPointer = request.backend == nil ? ["workflow", "backend"] : ["backend"]
        throw .invalid(request.placed([ValidationIssue(pointer, Self.unknown(name, among: registry))]))
    }

    /// Tells of every backend whether it can run a workflow, those that can first.
    public func match(_ request: SubmitRequest) async -> [BackendMatch] {
        var accepted: [BackendMatch] = []
        var refused: [BackendMatch] = []
        for backend in registry.all {
            // Asked first, since a backend that is healthy tells anew what it can do.
            let health = await backend.health()
            var unmet = await unmetNeeds(of: request, on: backend)
            if case .unhealthy(let reason) = health {
                unmet.append(ValidationIssue(["backend"], "the backend is unhealthy: \(reason)"))
            }
            let match = BackendMatch(backend: backend.name, unmet: unmet)
            if match.isAccepted { accepted.append(match) } else { refused.append(match) }
        }
        return accepted + refused.sorted { $0.unmet.count < $1.unmet.count }
    }

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
            return [ValidationIssue(pointer, Self.unknown(name, among: registry))]
        }
        var issues: [ValidationIssue] = []
        for (index, element) in (workflow?["nodes"]?.array ?? []).prefix(limits.workflow.nodes).enumerated() {
            let pointer: JSONPointer = ["workflow", "nodes", .position(index)]
            guard let node = try? Node(decoding: element, at: pointer) else { continue }
            guard let target = node.backend.map({ registry.backend($0) }) ?? backend else { continue }
            guard !node.isControl else { continue }
            issues += node.withoutTemplated(await target.backend.validate(node)).map { $0.under(pointer) }
        }
        return issues
    }

    /// Everything that a backend lacks for a workflow.
    private func unmetNeeds(of request: SubmitRequest, on backend: RegisteredBackend) async -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        if let reason = registry.missingProof(of: backend) { issues.append(ValidationIssue(["backend"], reason)) }
        func require(_ names: [String], _ field: @autoclosure () -> JSONPointer) {
            for (index, name) in names.enumerated() where !backend.capabilities.has(name) {
                issues.append(
                    ValidationIssue(
                        field().appending(index), "the backend \"\(backend.name)\" lacks the capability \"\(name)\""))
            }
        }
        require(request.requires, ["requires"])
        require(request.workflow.requires, ["workflow", "requires"])
        if let wish = request.workflow.maxParallel, wish > backend.contract.maxParallel {
            issues.append(
                ValidationIssue(
                    ["workflow", "max_parallel"],
                    "the backend \"\(backend.name)\" runs up to \(backend.contract.maxParallel) nodes of a run at the "
                        + "same time, not \(wish)"))
        }
        issues += await needs(
            of: request.workflow.nodes, at: ["workflow", "nodes"], on: backend, in: request.workflow.name)
        return request.placed(issues)
    }

    /// What the backends have against nodes and those in their bodies.
    private func needs(
        of nodes: [Node], at place: JSONPointer, on backend: RegisteredBackend, in workflow: String
    ) async -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        for (index, node) in nodes.enumerated() {
            let target: RegisteredBackend
            if let name = node.backend {
                guard let other = registry.backend(name) else {
                    let pointer = place.appending(index).appending("backend")
                    issues.append(ValidationIssue(pointer, Self.unknown(name, among: registry)))
                    continue
                }
                if let reason = registry.missingProof(of: other) {
                    issues.append(ValidationIssue(place.appending(index).appending("backend"), reason))
                }
                target = other
            } else {
                target = backend
            }
            guard node.isControl else {
                for issue in node.withoutTemplated(await target.backend.validate(node)) {
                    issues.append(issue.under(place.appending(index)))
                }
                if let fallback = node.fallback {
                    let pointer = place.appending(index).appending("on_error").appending("fallback")
                    for issue in fallback.withoutTemplated(await target.backend.validate(fallback)) {
                        issues.append(issue.under(pointer))
                    }
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
                    issues += found
                } catch {
                    // What cannot be read now is no fault of the client's.
                }
            }
        }
        return issues
    }

    private static func unknown(_ name: BackendName, among registry: BackendRegistry) -> String {
        "there is no backend \"\(name)\"; there are \(registry.all.map { "\"\($0.name)\"" }.joined(separator: ", "))"
    }
}
