import FlowBackends
public import FlowCore
public import FlowJSON
import FlowNATS
import Logging
import Synchronization

/// Has nodes executed by workers on other machines, which take them from queues on a broker.
///
/// The order in which things become durable is what keeps nodes from being lost: the journal knows that a node was started
/// before its task is published; a worker acknowledges a task only when its result is on the broker; and a result is
/// acknowledged only when the journal has it. So a task that is not on the broker has a result there or in the journal,
/// and one that has neither was lost and is published again.
public final class DistributedBackend: WorkerHost {
    /// How long after its cancellation a node that runs may take to end.
    static let cancelGrace: Duration = .seconds(4)
    /// How long a node waits for a worker to say that it takes its type, as after a start of the server.
    private static let announcementTime: Duration = .seconds(3)

    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "distributed"
    let configuration: DistributedConfiguration
    let link: BrokerLink
    let ledger = Ledger()
    let leftovers = Leftovers()
    let book = WorkerBook()
    /// The queues of which it was logged that no worker takes from them.
    let unservedQueues = Mutex<Set<String>>([])
    let clock: any WallClock
    let logger: Logger
    let random: @Sendable () -> UInt64
    let native: @Sendable () -> (any Backend)?
    let lookup: RunLookup
    private let system: NATSConnection?
    private let slots: CallSlots
    private let chores = Mutex<Task<Void, Never>?>(nil)

    init(
        name: BackendName, _ configuration: DistributedConfiguration, options: NATSOptions, system: NATSOptions?,
        clock: any WallClock, logger: Logger, random: @escaping @Sendable () -> UInt64,
        native: @escaping @Sendable () -> (any Backend)?, lookup: @escaping RunLookup
    ) {
        self.name = name
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.random = random
        self.native = native
        self.lookup = lookup
        slots = CallSlots(configuration.maxInFlight)
        let relay = BackendRelay()
        let instance = String(random(), radix: 36)
        link = BrokerLink(
            configuration, options: options, shard: configuration.shard ?? Names.token(name.rawValue),
            instance: instance, clock: clock, logger: logger, onResult: { relay.backend?.take(result: $0) },
            onReady: { relay.backend?.reconcileSoon() })
        self.system = system.map { options in NATSConnection(options) { _ in } }
        relay.backend = self
        let names = link.names
        let shard = link.shard
        link.connection.listen(names.events(for: shard)) { [weak self] in self?.take(event: $0) }
        link.connection.listen(names.registrations) { [weak self] in self?.take(registration: $0) }
        link.connection.listen(names.question(shard)) { [weak self] in self?.answer($0, instance: instance) }
        link.connection.onTick { [weak self] in self?.giveUpChunks() }
        self.system?.listen("$SYS.ACCOUNT.*.DISCONNECT") { [weak self] in self?.take(disconnect: $0) }
    }

    /// Begins to connect.
    func start() {
        link.start()
        system?.start()
        // Unstructured: it lasts as long as the backend, which cancels it.
        let task = Task { [weak self, clock] in
            var turn = 0
            while !Task.isCancelled {
                try? await clock.sleep(for: .milliseconds(200))
                guard let self else { return }
                await doChores(turn)
                turn += 1
            }
        }
        chores.withLock { $0 = task }
    }

    /// Waits until it is known whether the broker does.
    func waitForNews(within time: Duration) async { _ = await link.waitUntilReady(within: time) }

    /// Nodes run at the same time and without anybody waiting, hand out parts of their result, and run elsewhere.
    public var capabilities: BackendCapabilities {
        BackendCapabilities(streaming: true, parallel: true, async: true, distributed: true, others: ["durable": true])
    }

    /// What `native` promises, within what the registration allows.
    public var contract: BackendContract {
        get async {
            var contract = await native()?.contract ?? BackendContract()
            contract.maxParallel = min(contract.maxParallel, configuration.maxInFlight)
            contract.timeToCancel = max(contract.timeToCancel, Self.cancelGrace + .seconds(1))
            return contract
        }
    }

    /// Those of `native`, which workers of this program take, and those that other workers say that they take.
    public var nodeTypes: [NodeTypeDescription] {
        get async {
            var types = await native()?.nodeTypes ?? []
            let known = Set(types.map(\.name))
            for name in book.types.subtracting(known).sorted() {
                types.append(
                    NodeTypeDescription(
                        name: name, summary: "A node type of workers that are connected.",
                        configSchema: ["type": "object"]))
            }
            return types
        }
    }

    /// Checks nodes of the types of `native` as that does. Of other types it is known only whether a worker takes them.
    public func validate(_ node: Node) async -> [ValidationIssue] {
        if let native = native(), await native.nodeTypes.contains(where: { $0.name == node.type }) {
            return await native.validate(node)
        }
        guard !book.types.contains(node.type) else { return [] }
        let known = await nodeTypes.map(\.name).joined(separator: ", ")
        return [
            ValidationIssue(
                ["type"],
                "the backend \"\(name)\" has no node type \"\(node.type)\", and no worker that is connected takes it; it has \(known)"
            )
        ]
    }

    /// Nodes are carried out by the workers.
    public var executesElsewhere: Bool { true }

    /// Hands one attempt at a node out and waits for what comes of it.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard await slots.take() else { throw cancelled }
        defer { slots.release() }
        guard await link.waitUntilReady(within: min(configuration.connectWait, request.timeLeft ?? .seconds(3600)))
        else {
            if Task.isCancelled { throw cancelled }
            throw BackendError(.unavailable, backend: name, "the broker cannot be used: \(link.trouble)")
        }
        guard await hasTakers(request.node.type) else {
            if Task.isCancelled { throw cancelled }
            throw BackendError(
                .unsupported, backend: name, "no worker that is connected takes nodes of type \"\(request.node.type)\"",
                isRetriable: true)
        }
        return try await handOut(request)
    }

    /// Whether nodes of a type can be queued: workers of this program take those of `native`, also when none is there yet.
    private func hasTakers(_ type: String) async -> Bool {
        if let native = native(), await native.nodeTypes.contains(where: { $0.name == type }) { return true }
        let deadline = clock.now.advanced(by: Self.announcementTime)
        while !book.types.contains(type) {
            guard clock.now < deadline else { return false }
            do { try await clock.sleep(for: .milliseconds(100)) } catch { return false }
        }
        return true
    }

    var cancelled: BackendError { BackendError(.cancelled, backend: name, "the attempt was cancelled") }

    /// Executes a run to its end. What is left of it on the broker then is taken away.
    public func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError) {
        try await run.drive(on: self)
        let context = await run.context
        guard [.cancelled, .failed].contains(context.status), link.isReady else { return }
        // As after a crash between the cancellation and its being told to the broker.
        try? await link.stream.purge(link.names.tasks(of: context.id), of: link.names.tasks)
    }

    /// Whether nodes can be handed out.
    public func health() -> BackendHealth {
        link.isReady ? .healthy : .unhealthy(reason: "the broker cannot be used: \(link.trouble)")
    }

    /// The broker, how much is handed out, and what waits for workers that are not there.
    public func healthDetails() -> JSONObject {
        [
            "broker": link.connection.url.map { .string($0) } ?? .null, "shard": .string(link.shard),
            "in_flight": .integer(Int64(ledger.count)), "workers": .integer(Int64(book.liveCount)),
            "unserved": .array(unserved(after: .zero).map { .object($0.json) }),
        ]
    }

    /// The workers that say that they are there.
    public var workers: [JSONObject] { book.all }

    /// Ends the connection. What is handed out goes on, and is asked for again by the next start.
    public func shutdown() async {
        chores.withLock { $0?.cancel() }
        for assignment in ledger.all { assignment.end(.cancelled) }
        await link.connection.flush(within: .seconds(1))
        link.close()
        system?.close()
    }
}

extension NodeRequest {
    /// How long the attempt may still take.
    var timeLeft: Duration? { deadline.map { clock.now.duration(to: $0) } }
}

/// Finds the backend for functions that are made before it.
final class BackendRelay: Sendable {
    private struct Weak: Sendable { weak var value: DistributedBackend? }
    private let target = Mutex(Weak())

    var backend: DistributedBackend? {
        get { target.withLock { $0.value } }
        set { target.withLock { $0.value = newValue } }
    }
}
