package import FlowCore
import FlowJSON
package import FlowNATS
package import Logging
import Synchronization

/// Executes nodes that servers hand out, with a backend in this process.
///
/// It takes no more than it has slots for: idle workers pull, and that is how the load is shared. What it has taken is
/// acknowledged when its result is on the broker, so a worker may end at any moment and nothing is lost.
package final class NodeWorker: Sendable {
    struct State: Sendable {
        var jobs: [String: WorkerJob] = [:]
        /// How many slots are held by work that was given up and has not ended.
        var strays = 0
        /// The tokens of tasks that were acknowledged lately.
        var recent: [String] = []
        var recentTokens: Set<String> = []
        /// Who has to be told of tasks that were begun.
        var starts: [WorkerJob] = []
        var startsToldAt: ContinuousClock.Instant?
        var isDraining = false
        var ticks = 0
    }

    /// How many acknowledged tasks are remembered, in case they are delivered again.
    private static let memory = 4096
    /// How long starts gather before they are told: most nodes have ended by then, and nobody has to know of those.
    private static let startDelay: Duration = .milliseconds(5)

    let options: WorkerOptions
    let names: Names
    let connection: NATSConnection
    let stream: JetStream
    let objects: ObjectStore
    let backend: any Backend
    let clock: any WallClock
    let logger: Logger
    let state = Mutex(State())
    let queues: WorkerQueues
    let outbox: ResultOutbox
    let search: ResultSearch
    /// What tasks say of the workflows of their runs, which is the same in all of a run.
    let recent = RecentMembers<TaskEnvelope.Workflow>("workflow", most: 8, longest: 8 << 10)
    private let startedAt: Timestamp

    /// Makes a worker that is not started yet.
    package init(
        _ options: WorkerOptions, broker: NATSOptions, backend: any Backend, clock: any WallClock, logger: Logger
    ) {
        self.options = options
        self.backend = backend
        self.clock = clock
        self.logger = logger
        names = Names(options.namespace)
        startedAt = clock.now
        var broker = broker
        // By which the broker tells that it has gone.
        broker.name = options.id
        let relay = EventRelay()
        connection = NATSConnection(broker) { relay.tell($0) }
        stream = JetStream(connection)
        objects = ObjectStore(stream, bucket: names.namespace)
        queues = WorkerQueues(
            stream, stream: names.tasks, types: Set(options.types), labels: options.labels,
            slots: options.slots)
        outbox = ResultOutbox(stream, names, worker: options.id, clock: clock, logger: logger)
        search = ResultSearch(stream, names)
        relay.set { [weak self] event in self?.take(event) }
        outbox.start { [weak self] in self?.acknowledge($0) }
        queues.start(
            used: { [weak self] in self?.usedSlots ?? .max }, onMessage: { [weak self] in self?.take($0) })
        connection.listen(names.cancel) { [weak self] in self?.cancel($0) }
        connection.listen(names.news) { [weak self] _ in self?.queues.refresh() }
        connection.onTick { [weak self] in self?.tick() }
    }

    /// Begins to connect and to take nodes.
    package func start() { connection.start() }

    /// Whether there is a connection to the broker.
    package var isConnected: Bool { connection.isConnected }

    /// How many slots are taken.
    private var usedSlots: Int { state.withLock { $0.isDraining ? .max : $0.jobs.count + $0.strays } }

    private func take(_ event: NATSConnection.Event) {
        switch event {
        case .connected:
            logger.notice("connected", metadata: ["url": "\(connection.url ?? "")", "worker": "\(options.id)"])
            queues.refresh()
            register()
        case .disconnected:
            logger.warning("broker lost")
            queues.disconnected()
        case .failed(let text): logger.warning("broker error", metadata: ["error": "\(text)"])
        }
    }

    /// Takes no more, gives what is being worked on so long to end, and hands the rest back.
    package func drain(grace: Duration) async {
        state.withLock { $0.isDraining = true }
        queues.stop()
        register()
        let deadline = ContinuousClock.now.advanced(by: grace)
        while ContinuousClock.now < deadline, state.withLock({ !$0.jobs.isEmpty }) {
            try? await clock.sleep(for: .milliseconds(10))
        }
        for job in state.withLock({ Array($0.jobs.values) }) {
            guard let delivery = job.handBack() else { continue }
            logger.notice("node handed back", metadata: ["id": "\(job.task.id)"])
            let event = EventEnvelope(
                worker: options.id, .returned(id: job.task.id, token: job.task.token, job.first))
            try? connection.publish(names.event(job.task.shard, options.id), event.bytes)
            try? connection.say(.nak, of: delivery)
        }
        await connection.flush(within: .seconds(2))
        connection.close()
    }

    private func tick() {
        let now = ContinuousClock.now
        let (jobs, tick) = state.withLock { state in
            state.ticks += 1
            return (Array(state.jobs.values), state.ticks)
        }
        var beating: [WorkerJob] = []
        for job in jobs {
            if let reason = job.expiry(now) { giveUp(job, reason) }
            guard job.isBeatDue(now) else { continue }
            try? connection.say(.progress, of: job.delivery)
            beating.append(job)
        }
        // A server that has just started has not heard of them.
        if !beating.isEmpty { tellStarts(of: beating) }
        guard tick % 10 == 0 else { return queues.fill(isPatient: false) }
        register()
        queues.refresh()
    }

    /// Says that the worker is there.
    private func register() {
        let (jobs, isDraining) = state.withLock { (Array($0.jobs.values), $0.isDraining) }
        let registration = RegistrationEnvelope(
            worker: options.id, version: options.version, types: options.types, labels: options.labels,
            slots: options.slots, busy: jobs.count,
            running: jobs.prefix(RegistrationEnvelope.named).map { job in
                .init(run: job.task.run.rawValue, node: job.task.node.rawValue, attempt: job.task.attempt)
            }, isDraining: isDraining, startedAt: startedAt)
        try? connection.publish(
            names.registration(options.id), JSONWriter.bytes(of: .object(registration.json)))
    }

    /// Takes note of a task that was begun, and tells its server soon.
    func noteStart(_ job: WorkerJob) {
        let now = ContinuousClock.now
        let (isFirst, isRare) = state.withLock { state in
            state.starts.append(job)
            let isRare = state.startsToldAt.map { $0.duration(to: now) > Self.startDelay } ?? true
            return (state.starts.count == 1, isRare)
        }
        guard isFirst else { return }
        guard !isRare else { return tellStarts() }
        // Unstructured: nobody waits for it, and it ends at once.
        Task { [weak self, clock] in
            try? await clock.sleep(for: Self.startDelay)
            self?.tellStarts()
        }
    }

    private func tellStarts() {
        let jobs = state.withLock { state in
            defer { state.starts = [] }
            state.startsToldAt = .now
            return state.starts.filter { !$0.isConcluded }
        }
        tellStarts(of: jobs)
    }

    private func tellStarts(of jobs: [WorkerJob]) {
        for (shard, jobs) in Dictionary(grouping: jobs, by: \.task.shard) {
            let starts = jobs.map {
                EventEnvelope.Start(id: $0.task.id, token: $0.task.token, acknowledgement: $0.first)
            }
            for start in stride(from: 0, to: starts.count, by: 500) {
                let part = Array(starts[start..<min(start + 500, starts.count)])
                try? connection.publish(
                    names.event(shard, options.id), EventEnvelope(worker: options.id, .started(part)).bytes)
            }
        }
    }

    /// Takes note that a task is done with.
    func forget(_ job: WorkerJob, isOver: Bool) {
        state.withLock { state in
            if state.jobs[job.task.id] === job { state.jobs[job.task.id] = nil }
            if !isOver { state.strays += 1 }
            state.recent.append(job.task.token)
            state.recentTokens.insert(job.task.token)
            if state.recent.count > 2 * Self.memory {
                for token in state.recent.prefix(Self.memory) { state.recentTokens.remove(token) }
                state.recent.removeFirst(Self.memory)
            }
        }
        queues.fill(isPatient: true)
    }

    /// Takes note that work has ended that was given up.
    func strayEnded() {
        state.withLock { $0.strays -= 1 }
        queues.fill(isPatient: true)
    }
}
