public import FlowCore
public import FlowJSON
import Logging
import Synchronization

/// Executes nodes as Runnables of LangChain, in Python processes that it keeps running.
///
/// Nodes of type `runnable` are objects of LangChain. Those of other types are Runnables that call back, so that they do
/// here what they do on the backend `native`.
public final class LangChainBackend: Backend {
    /// How long a node may take to end after its cancellation, before its process is replaced.
    private static let cancelGrace: Duration = .seconds(2)
    /// How long the objects of a node may take to be made when a workflow is submitted.
    private static let checkTime: Duration = .seconds(10)

    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "langchain"
    private let configuration: LangChainConfiguration
    private let pool: BridgePool
    private let native: @Sendable () -> (any Backend)?
    private let chains = RunChains()
    private let sound = SoundConfigurations()
    private let ids = Atomic<Int>(1)
    private let secrets: any SecretSource

    init(
        name: BackendName, _ configuration: LangChainConfiguration, pool: BridgePool, secrets: any SecretSource,
        native: @escaping @Sendable () -> (any Backend)?
    ) {
        self.name = name
        self.configuration = configuration
        self.pool = pool
        self.secrets = secrets
        self.native = native
    }

    /// Nodes run at the same time and without anybody waiting, and hand out parts of their result.
    public var capabilities: BackendCapabilities {
        BackendCapabilities(streaming: true, parallel: true, async: true, distributed: false)
    }

    /// What `native` promises, within what the registration allows.
    public var contract: BackendContract {
        get async {
            var contract = await native()?.contract ?? BackendContract()
            if let limit = configuration.maxParallel { contract.maxParallel = min(contract.maxParallel, limit) }
            contract.timeToCancel = max(contract.timeToCancel, Self.cancelGrace)
            return contract
        }
    }

    /// The versions of langchain-core and Python.
    public var version: String? {
        pool.hello.map { "langchain-core \($0.langchain), Python \($0.python)" }
    }

    /// Those of `native`, and `runnable`.
    public var nodeTypes: [NodeTypeDescription] {
        get async { [RunnableNode.description] + (await native()?.nodeTypes ?? []) }
    }

    /// Checks the node; the object of a `runnable` is made, so that what is missing is known before the run.
    public func validate(_ node: Node) async -> [ValidationIssue] {
        guard node.type == RunnableNode.type else {
            guard let native = native() else { return [ValidationIssue(["type"], "there is no backend for the node")] }
            let issues = await native.validate(node)
            guard issues.contains(where: { $0.pointer == ["type"] }) else { return issues }
            let known = await nodeTypes.map(\.name).joined(separator: ", ")
            return [
                ValidationIssue(
                    ["type"], "the backend \"\(name)\" has no node type \"\(node.type)\"; it has \(known)")
            ]
        }
        let starts = pool.starts
        if sound.contains(node.config, since: starts) { return [] }
        let issues = RunnableNode.validate(node.config, configuration.allow)
        // What expressions give is known only when the node starts.
        guard issues.isEmpty, !node.hasTemplatedConfig, let worker = pool.pick() else {
            return issues.map { $0.under(["config"]) }
        }
        guard let problem = await worker.check(nextID, node.config, within: Self.checkTime) else {
            // A process that ends meanwhile says nothing either.
            if worker.isReady { sound.add(node.config, since: starts) }
            return []
        }
        let field = node.config["serialized"] == nil ? "factory" : "serialized"
        return [ValidationIssue(["config", .name(field)], secrets.redacted(problem) ?? problem)]
    }

    /// Nodes are carried out by the Python processes.
    public var executesElsewhere: Bool { true }

    private var nextID: Int { ids.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// What a chain that has begun with an earlier node has given at this one.
    public func knownResult(of request: NodeRequest) -> NodeResult? {
        switch chains.takeKnown(request) {
        case .failure(let failure): .failure(secrets.redacted(failure))
        case let result: result
        }
    }

    /// Has one attempt at a node carried out, or takes what a chain has come to that has begun with an earlier node.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        if let (call, index) = chains.takeBegun(request) {
            if call.choose(index) { call.worker.choose(call, index) }
            if let result = try await result(of: call, index, request) { return result }
        }
        guard let worker = await pool.pickPatiently() else {
            if Task.isCancelled { throw BackendError(.cancelled, backend: name, "the attempt was cancelled") }
            throw BackendError(.unavailable, backend: name, pool.trouble)
        }
        let call = BridgeCall(nextID, chains.plan(from: request), request, on: worker)
        chains.begin(call)
        guard worker.begin(call, within: configuration.timeout), let result = try await result(of: call, 0, request)
        else { throw BackendError(.unavailable, backend: name, pool.trouble) }
        return result
    }

    /// Waits for what comes of a node of a chain.
    ///
    /// - Returns: `nil` when the chain ended before the node.
    private func result(
        of call: BridgeCall, _ index: Int, _ request: NodeRequest
    ) async throws(BackendError) -> NodeResult? {
        let outcome = await withTaskCancellationHandler {
            await call.outcome(of: index, emit: request.emit)
        } onCancel: {
            call.worker.cancel(call, grace: Self.cancelGrace)
        }
        switch outcome {
        case .result(.failure(let failure)): return .failure(secrets.redacted(failure))
        case .result(let result): return result
        case .away(var error):
            error.backend = name
            throw error
        case .notRun: return nil
        }
    }

    /// Executes a run to its end. Runnables of it that belong together run as one chain of LangChain.
    public func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError) {
        guard configuration.chains, run.workflow.nodes.count > 1 else { return try await run.drive(on: self) }
        let limit = run.workflow.maxParallel ?? .max
        let map = ChainMap(run.workflow, maxParallel: min(limit, await contract.maxParallel))
        guard map.hasChains else { return try await run.drive(on: self) }
        chains.open(run.id, map)
        defer {
            for call in chains.close(run.id) where !call.isOver { call.worker.cancel(call, grace: Self.cancelGrace) }
        }
        try await run.drive(on: self)
    }

    /// Whether one process is ready.
    public func health() -> BackendHealth {
        pool.pick() == nil ? .unhealthy(reason: pool.trouble) : .healthy
    }

    /// The processes, and how many were started in place of others.
    public func healthDetails() -> JSONObject { pool.details }

    /// Ends the processes.
    public func shutdown() async { await pool.stop() }
}
