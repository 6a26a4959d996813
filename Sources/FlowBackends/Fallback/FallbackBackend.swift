public import FlowCore
public import FlowJSON

/// Hands each node to the first of several backends that can do it: one that fails for want of the backend goes to the
/// next, one whose own work fails has failed.
///
/// What has completed is not run again, since each node is handed over by itself.
public struct FallbackBackend: Backend {
    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "fallback"
    private let names: [BackendName]
    private let lookup: @Sendable (BackendName) -> (any Backend)?

    /// Makes a backend.
    ///
    /// - Parameters:
    ///   - backends: The names of the backends, the preferred one first.
    ///   - lookup: Finds a backend.
    public init(
        name: BackendName, backends: [BackendName], lookup: @escaping @Sendable (BackendName) -> (any Backend)?
    ) {
        self.name = name
        self.names = backends
        self.lookup = lookup
    }

    private var backends: [any Backend] { names.compactMap { lookup($0) } }

    /// What all of them can do.
    public var capabilities: BackendCapabilities {
        get async {
            var met: BackendCapabilities?
            for backend in backends {
                let own = await backend.capabilities
                met = met?.meet(own) ?? own
            }
            return met ?? BackendCapabilities(streaming: false, parallel: false, async: false, distributed: false)
        }
    }

    /// What all of them promise.
    public var contract: BackendContract {
        get async {
            var met: BackendContract?
            for backend in backends {
                let own = await backend.contract
                met = met?.meet(own) ?? own
            }
            return met ?? BackendContract()
        }
    }

    /// What one of them takes, as the first of those that do describes it.
    public var nodeTypes: [NodeTypeDescription] {
        get async {
            var types: [NodeTypeDescription] = []
            for backend in backends {
                for type in await backend.nodeTypes where !types.contains(where: { $0.name == type.name }) {
                    types.append(type)
                }
            }
            return types
        }
    }

    /// Nothing when one of them takes the node, else what each has against it.
    public func validate(_ node: Node) async -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        for name in names {
            guard let backend = lookup(name) else {
                issues.append(ValidationIssue([], "the backend \"\(name)\" is not registered"))
                continue
            }
            // What stands for a value that is not known yet is no reason to pass a backend over.
            let own = node.withoutTemplated(await backend.validate(node))
            guard !own.isEmpty else { return [] }
            issues += own.map { ValidationIssue($0.pointer, "\(name): \($0.detail)", code: $0.code) }
        }
        return issues
    }

    /// Whether it is computed inline whichever of them does it.
    public func computesInline(_ node: Node) -> Bool {
        let backends = backends
        return !backends.isEmpty && backends.allSatisfy { $0.computesInline(node) }
    }

    /// Hands the node to the first backend that takes it, and on when it fails for want of that backend.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        var failures: [BackendError] = []
        var tried: [BackendName] = []
        /// The one whose work would have gone on if it had not failed.
        var last: (name: BackendName, error: BackendError)?
        for name in names {
            guard let backend = lookup(name) else {
                let error = BackendError(.unavailable, backend: name, "it is not registered")
                failures.append(error)
                last = (name, error)
                continue
            }
            let issues = await backend.validate(request.node)
            if let issue = issues.first {
                // One that cannot say whether it takes the node is away, and that is told.
                guard issue.code == .unhealthy else { continue }
                let error = BackendError(.unavailable, backend: name, issue.detail)
                failures.append(error)
                tried.append(name)
                last = (name, error)
                continue
            }
            // Before the work begins, whose end may be the loss of the server.
            if let last {
                request.report(
                    BackendSwitch(from: last.name, to: name, code: last.error.code, reason: last.error.message))
            } else if let first = names.first, first != name {
                request.report(
                    BackendSwitch(from: first, to: name, code: .unsupported, reason: "it does not take the node"))
            }
            do {
                return self.result(try await backend.executeNode(request), of: backend, name, tried)
            } catch {
                if error.code == .cancelled || Task.isCancelled { throw error }
                failures.append(error)
                tried.append(name)
                last = (name, error)
            }
        }
        if failures.isEmpty, let first = names.first, let backend = lookup(first) {
            // None takes the node as it is now: the first one says what is wrong with it.
            return result(try await backend.executeNode(request), of: backend, first, [])
        }
        throw BackendError(
            Self.code(of: failures), backend: name,
            "none of its backends could run the node: " + failures.map(\.description).joined(separator: "; "))
    }

    /// Another attempt may succeed unless no backend knows the node.
    private static func code(of failures: [BackendError]) -> BackendError.Code {
        if failures.contains(where: { $0.code == .unavailable }) { return .unavailable }
        return failures.contains { $0.code == .overloaded } ? .overloaded : .unsupported
    }

    /// The result with the name of the backend that it is from: a backend is not swapped in silence.
    private func result(
        _ result: NodeResult, of backend: any Backend, _ name: BackendName, _ tried: [BackendName]
    ) -> NodeResult {
        switch result {
        case .success(let output, let notes):
            let metadata = Self.named(notes?.metadata ?? JSONObject(), "backend", backend, name, tried)
            return .success(output: output, notes: CompletionNotes(next: notes?.next, metadata: metadata))
        case .failure(let failure):
            // Details that name a `backend` are those of a backend that failed, which this one did not.
            let details = failure.details.flatMap { $0.isNull ? nil : $0 } ?? .object(JSONObject())
            guard case .object(let members) = details else { return result }
            let named = Self.named(members, "executed_by", backend, name, tried)
            return .failure(
                NodeFailure(
                    failure.code, failure.message, retriable: failure.retriable, details: .object(named)))
        case .interrupted: return result
        }
    }

    private static func named(
        _ members: JSONObject, _ field: String, _ backend: any Backend, _ name: BackendName, _ tried: [BackendName]
    ) -> JSONObject {
        var members = members
        var passed = tried.map { JSONValue.string($0.rawValue) }
        if isFallback(backend), members[field] != nil {
            // Inside is another list, which knows better who it was.
            passed += members["fallback_from"]?.array ?? []
        } else {
            members[field] = .string(name.rawValue)
        }
        members["fallback_from"] = passed.isEmpty ? nil : .array(passed)
        return members
    }

    private static func isFallback(_ backend: any Backend) -> Bool {
        if backend is FallbackBackend { return true }
        guard let base = (backend as? any DecoratingBackend)?.base else { return false }
        return isFallback(base)
    }

    /// Healthy when one of them is.
    public func health() async -> BackendHealth {
        var reasons: [String] = []
        for name in names {
            guard let backend = lookup(name) else {
                reasons.append("\(name): it is not registered")
                continue
            }
            guard case .unhealthy(let reason) = await backend.health() else { return .healthy }
            reasons.append("\(name): \(reason)")
        }
        return .unhealthy(reason: reasons.joined(separator: "; "))
    }

    /// How each of them is.
    public func healthDetails() async -> JSONObject {
        var list: [JSONValue] = []
        for name in names {
            var entry: JSONObject = ["name": .string(name.rawValue)]
            let backend = lookup(name)
            let health = await backend?.health() ?? .unhealthy(reason: "it is not registered")
            entry["healthy"] = .bool(health.isHealthy)
            if case .unhealthy(let reason) = health { entry["reason"] = .string(reason) }
            if let details = await backend?.healthDetails(), !details.isEmpty { entry["details"] = .object(details) }
            list.append(.object(entry))
        }
        return ["backends": .array(list)]
    }
}
