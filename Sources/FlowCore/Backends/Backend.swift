public import FlowJSON

/// A plug that executes nodes and workflows.
///
/// To write one, give it a name, say what it can do, and execute a node. A node that fails is no error: return
/// ``NodeResult/failure(_:)``. Throw ``BackendError`` only when the backend itself could not do its part. React to
/// cancellation of the task by ending soon, within ``BackendContract/timeToCancel``.
///
/// ``executeWorkflow(_:)`` has a default that plans the run here and hands every node to ``executeNode(_:)``; a backend
/// with an engine of its own overrides it.
public protocol Backend: Sendable {
    /// The name under which the backend is registered.
    var name: BackendName { get }
    /// The kind of backend, such as `native`.
    var type: String { get }
    /// What the backend can do.
    var capabilities: BackendCapabilities { get async }
    /// What the backend promises.
    var contract: BackendContract { get async }
    /// The version of what executes the nodes; `nil` when it is this server.
    var version: String? { get async }
    /// The node types that the backend takes.
    var nodeTypes: [NodeTypeDescription] { get async }

    /// Everything that keeps the backend from taking the node, each with a pointer within the node. Empty when it can.
    nonisolated(nonsending) func validate(_ node: Node) async -> [ValidationIssue]

    /// Whether the node is quick, pure computation that the caller may run on its own thread.
    ///
    /// Such a node has no effect outside its result, so it may be computed again after a crash, and several of them are
    /// journaled together.
    func computesInline(_ node: Node) -> Bool

    /// The result of a node that ``computesInline(_:)`` is true for, when nothing has to be waited for to compute it.
    ///
    /// It is asked instead of ``executeNode(_:)``; `nil` leaves the node to that.
    func pureResult(of node: Node, input: JSONValue) -> NodeResult?

    /// What has come of an attempt already, when the backend has carried the node out along with an earlier one.
    ///
    /// It is asked on the caller's own thread right before the attempt; what is known is journaled without another wait,
    /// and the node is not executed.
    func knownResult(of request: NodeRequest) -> NodeResult?

    /// Whether nodes are carried out by somebody else, so that ``executeNode(_:)`` hands them on and waits.
    ///
    /// Nodes of such a backend begin on the thread that plans their run, and what they wait for comes back to it, which
    /// saves changes of threads. A backend that computes itself says no: it would hold up other runs.
    var executesElsewhere: Bool { get }

    /// Executes one attempt at a node.
    ///
    /// - Throws: ``BackendError`` when the backend could not run it.
    nonisolated(nonsending) func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult

    /// Executes a run to its end.
    ///
    /// - Throws: ``BackendError`` when the backend cannot go on with the run.
    nonisolated(nonsending) func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError)

    /// Whether the backend can take work now.
    func health() async -> BackendHealth

    /// What else is known of how the backend is, such as how much it has to do. Empty when there is nothing to say.
    func healthDetails() async -> JSONObject

    /// Gives back what the backend holds. Called once, when no run uses it any more.
    func shutdown() async
}

extension Backend {
    /// The default promises.
    public var contract: BackendContract { get async { BackendContract() } }

    /// By default nodes are executed by this server.
    public var version: String? { get async { nil } }

    /// By default no node is computed inline.
    public func computesInline(_ node: Node) -> Bool { false }

    /// By default every node is waited for.
    public func pureResult(of node: Node, input: JSONValue) -> NodeResult? { nil }

    /// By default nothing is known before a node is executed.
    public func knownResult(of request: NodeRequest) -> NodeResult? { nil }

    /// By default nodes may keep a thread busy.
    public var executesElsewhere: Bool { false }

    /// By default the run is planned here and each node goes to ``executeNode(_:)``.
    public nonisolated(nonsending) func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError) {
        try await run.drive(on: self)
    }

    /// By default a backend is healthy.
    public func health() async -> BackendHealth { .healthy }

    /// By default there is nothing more to say.
    public func healthDetails() async -> JSONObject { JSONObject() }

    /// By default there is nothing to give back.
    public func shutdown() async {}
}
