public import FlowCore
public import FlowJSON

/// A backend that wraps another one and forwards to it whatever it does not change itself.
public protocol DecoratingBackend: Backend {
    /// The backend that is wrapped, looked up whenever it is needed; `nil` when it is not registered.
    var base: (any Backend)? { get }
}

extension DecoratingBackend {
    /// What the wrapped backend can do.
    public var capabilities: BackendCapabilities {
        get async {
            await base?.capabilities
                ?? BackendCapabilities(streaming: false, parallel: false, async: false, distributed: false)
        }
    }

    /// What the wrapped backend promises.
    public var contract: BackendContract { get async { await base?.contract ?? BackendContract() } }

    /// The version of what executes the nodes.
    public var version: String? { get async { await base?.version } }

    /// What the wrapped backend takes.
    public var nodeTypes: [NodeTypeDescription] { get async { await base?.nodeTypes ?? [] } }

    /// What the wrapped backend says of the node.
    public func validate(_ node: Node) async -> [ValidationIssue] {
        await base?.validate(node) ?? [ValidationIssue([], "the backend that \"\(name)\" wraps is not registered")]
    }

    /// What the wrapped backend says of the node.
    public func computesInline(_ node: Node) -> Bool { base?.computesInline(node) ?? false }

    /// Whether the wrapped backend hands nodes on.
    public var executesElsewhere: Bool { base?.executesElsewhere ?? false }

    /// The wrapped backend executes the node.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        try await required().executeNode(request)
    }

    /// The wrapped backend executes the run with its own engine if it has one; if it leaves the planning to the
    /// service, each node comes back through this backend.
    public func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError) {
        try await required().executeWorkflow(RedirectedRun(run, outermost: self))
    }

    /// How the wrapped backend is.
    public func health() async -> BackendHealth {
        await base?.health() ?? .unhealthy(reason: "the wrapped backend is not registered")
    }

    /// What the wrapped backend says of how it is.
    public func healthDetails() async -> JSONObject { await base?.healthDetails() ?? JSONObject() }

    /// The wrapped backend.
    ///
    /// - Throws: ``BackendError`` when it is not registered.
    public func required() throws(BackendError) -> any Backend {
        guard let base else {
            throw BackendError(.unavailable, backend: name, "the backend that it wraps is not registered")
        }
        return base
    }
}
