import FlowCore
import FlowJSON
import FlowNATS
import Logging
import Synchronization

/// The server's way to its broker: the connection, and the streams and consumers that have to be there.
final class BrokerLink: Sendable {
    private struct State: Sendable {
        var isReady = false
        var trouble = "it has not been reached yet"
        /// The consumers of queues that are known to be there.
        var queues: Set<String> = []
        var setup: Task<Void, Never>?
        var isClosed = false
    }

    /// How long it takes until what failed is tried again.
    private static let pause: Duration = .seconds(1)
    /// How long a result is with the server before the broker sends it again.
    private static let resultLease: Duration = .seconds(30)
    /// How many results are asked for at a time.
    private static let batch = 1024
    /// A request is lost when another broker of a cluster takes the lead, which nothing tells.
    private static let askTime: Duration = .seconds(3)
    /// How long large payloads are kept.
    private static let objectAge: Duration = .seconds(24 * 3600)
    /// How long it is kept who has begun a task, and how much of it.
    private static let begunAge: Duration = .seconds(7 * 24 * 3600)
    private static let begunBytes = 16 << 20

    let connection: NATSConnection
    let stream: JetStream
    let objects: ObjectStore
    let names: Names
    let shard: String
    /// What the subjects begin with of messages with results of several nodes.
    let batches: String
    /// Finds results in those messages.
    let search: ResultSearch
    private let configuration: DistributedConfiguration
    private let clock: any WallClock
    private let logger: Logger
    /// Tells this server from others.
    private let instance: String
    private let state = Mutex(State())
    private let results: PullConsumer

    init(
        _ configuration: DistributedConfiguration, options: NATSOptions, shard: String, instance: String,
        clock: any WallClock, logger: Logger, onResult: @escaping NATSConnection.Handler,
        onReady: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.shard = shard
        self.instance = instance
        names = configuration.names
        let events = EventRelay()
        connection = NATSConnection(options) { events.tell($0) }
        stream = JetStream(connection)
        objects = ObjectStore(stream, bucket: names.namespace)
        batches = names.batches(for: shard)
        search = ResultSearch(stream, names)
        let again = EventRelay()
        results = PullConsumer(
            connection, stream: names.results, consumer: names.resultConsumer(for: shard), number: 0,
            onMessage: onResult, onEnd: { again.tell(.connected) })
        again.set { [weak self] _ in self?.pull() }
        events.set { [weak self] event in self?.take(event, onReady) }
        connection.onTick { [weak self] in self?.pull() }
    }

    func start() { connection.start() }

    /// Whether all that is needed is there.
    var isReady: Bool { state.withLock { $0.isReady } }
    /// Why not.
    var trouble: String { state.withLock { $0.trouble } }

    /// Waits until nodes can be handed out.
    ///
    /// - Returns: false when the time has passed, or the task was cancelled.
    func waitUntilReady(within time: Duration) async -> Bool {
        let deadline = clock.now.advanced(by: time)
        while !isReady {
            guard clock.now < deadline else { return false }
            do { try await clock.sleep(for: .milliseconds(20)) } catch { return false }
        }
        return true
    }

    private func take(_ event: NATSConnection.Event, _ onReady: @escaping @Sendable () -> Void) {
        switch event {
        case .connected: setUp(onReady)
        case .disconnected:
            results.forget()
            let wasReady = lose("the connection to the broker was lost")
            if wasReady { logger.warning("broker lost", metadata: ["shard": "\(shard)"]) }
        case .failed(let text):
            state.withLock { if !$0.isReady { $0.trouble = text } }
            logger.warning("broker error", metadata: ["error": "\(text)"])
        }
    }

    private func lose(_ trouble: String) -> Bool {
        state.withLock { state in
            defer {
                state.isReady = false
                state.queues = []
            }
            if state.isReady { state.trouble = trouble }
            state.setup?.cancel()
            state.setup = nil
            return state.isReady
        }
    }

    private func setUp(_ onReady: @escaping @Sendable () -> Void) {
        // Unstructured: it begins with a callback of the library's. It ends with the connection, which cancels it.
        let task = Task { [weak self] in
            while !Task.isCancelled {
                guard let self, !state.withLock({ $0.isClosed }) else { return }
                do throws(NATSError) {
                    try await ensure()
                    guard !Task.isCancelled else { return }
                    state.withLock { $0.isReady = true }
                    logger.notice("broker ready", metadata: ["url": "\(connection.url ?? "")", "shard": "\(shard)"])
                    pull()
                    return onReady()
                } catch {
                    state.withLock { $0.trouble = error.description }
                    logger.warning("broker cannot be set up", metadata: ["error": "\(error)"])
                }
                try? await clock.sleep(for: Self.pause)
            }
        }
        let earlier = state.withLock { state in
            defer { state.setup = task }
            return state.setup
        }
        earlier?.cancel()
    }

    private func ensure() async throws(NATSError) {
        let replicas = JSONValue.integer(Int64(configuration.replicas))
        let bytes = JSONValue.integer(Int64(configuration.maxBytes))
        for (name, subjects) in [(names.tasks, names.allTasks), (names.results, names.allResults)] {
            try await stream.ensureStream([
                "name": .string(name), "subjects": [.string(subjects)], "retention": "workqueue", "storage": "file",
                "discard": "new", "max_bytes": bytes, "num_replicas": replicas,
                "duplicate_window": .integer(Int64(Duration.seconds(120) / .nanoseconds(1))),
            ])
        }
        try await stream.ensureStream([
            "name": .string(names.begun), "subjects": [.string(names.allBegun)], "retention": "limits",
            "storage": "file", "discard": "old", "max_msgs_per_subject": 1,
            "max_bytes": .integer(Int64(Self.begunBytes)),
            "max_age": .integer(Int64(Self.begunAge / .nanoseconds(1))), "num_replicas": replicas,
        ])
        try await objects.ensure(
            replicas: configuration.replicas, maxBytes: configuration.maxBytes, age: Self.objectAge)
        if let other = await otherInstance() {
            throw .library(
                "another server (\(other)) takes the results of the shard \"\(shard)\"; give each its own \"shard\"")
        }
        try await stream.ensureConsumer(
            names.resultConsumer(for: shard), of: names.results,
            [
                "ack_policy": "explicit", "deliver_policy": "all", "filter_subject": .string(names.results(for: shard)),
                "ack_wait": .integer(Int64(Self.resultLease / .nanoseconds(1))), "max_deliver": -1,
                "max_ack_pending": 100_000, "max_waiting": 512,
            ])
    }

    /// Whether another server answers for the same shard.
    private func otherInstance() async -> String? {
        let question = JSONWriter.bytes(of: ["v": .integer(Int64(Envelope.version)), "kind": "who"])
        guard
            let answer = try? await connection.request(names.question(shard), question, within: .milliseconds(300)),
            let value = try? JSONParser.parse(answer.payload), let other = value["instance"]?.string
        else { return nil }
        return other == instance ? nil : other
    }

    private func pull() {
        guard isReady else { return }
        // Two requests, so that one is open while the other comes to its end.
        while results.outstanding <= Self.batch {
            do throws(NATSError) { try results.ask(for: Self.batch, within: Self.askTime) } catch { return }
        }
    }

    /// Whether a queue is known to have its consumer.
    func has(_ queue: QueueName) -> Bool { state.withLock { $0.queues.contains(queue.rawValue) } }

    /// Makes sure that a queue has its consumer.
    func ensure(_ queue: QueueName) async throws(NATSError) {
        guard !has(queue) else { return }
        let name = queue.rawValue
        try await stream.ensureConsumer(
            name, of: names.tasks,
            [
                "ack_policy": "explicit", "deliver_policy": "all", "filter_subject": .string(names.tasks(of: name)),
                "ack_wait": .integer(Int64(configuration.lease / .nanoseconds(1))), "max_deliver": -1,
                "max_ack_pending": 100_000, "max_waiting": 2048, "metadata": .object(queue.metadata),
            ])
        // Workers that miss it find the queue a moment later.
        try connection.publish(names.news, Array(name.utf8))
        state.withLock { state in if state.isReady { state.queues.insert(name) } }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.isReady = false
            state.setup?.cancel()
        }
        connection.close()
    }
}

/// Hands events on to who does not exist yet when their source is made.
final class EventRelay: Sendable {
    private let target = Mutex<(@Sendable (NATSConnection.Event) -> Void)?>(nil)

    func set(_ body: @escaping @Sendable (NATSConnection.Event) -> Void) { target.withLock { $0 = body } }

    func tell(_ event: NATSConnection.Event) { target.withLock { $0 }?(event) }
}
