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
        /// How many of them are over and have only to be confirmed by the broker.
        var freed = 0
        /// Those that wait for such a confirmation before they are begun.
        var queued: [WorkerJob] = []
        /// How many slots are held by work that was given up and has not ended.
        var strays = 0
        /// The tokens of tasks that were acknowledged lately.
        var recent: [String] = []
        var recentTokens: Set<String> = []
        /// Who has to be told of tasks that were begun.
        var starts: [WorkerJob] = []
        /// When the first of them was begun.
        var startsSince: ContinuousClock.Instant?
        var isDraining = false
        var ticks = 0

        /// How many tasks are under way, those that have only to be confirmed and those that were given up included.
        var begun: Int { jobs.count - queued.count + strays }
    }

    /// How many acknowledged tasks are remembered, in case they are delivered again.
    private static let memory = 4096
    /// How long starts gather before they are told: most nodes have ended by then, and nobody has to know of those. From
    /// half of it on they go along with a result.
    private static let startDelay: Duration = .milliseconds(10)

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
        connection.onReminder { [weak self] in self?.tellStarts(after: .zero) }
    }

    /// Begins to connect and to take nodes.
    package func start() { connection.start() }

    /// Whether there is a connection to the broker.
    package var isConnected: Bool { connection.isConnected }

    /// How many slots are taken.
    private var usedSlots: Int {
        state.withLock { state in
            // Not endlessly many results wait for a broker that does not confirm them.
            state.isDraining ? .max : state.jobs.count - min(state.freed, options.slots) + state.strays
        }
    }

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
        let queued = state.withLock { state in
            state.isDraining = true
            for job in state.queued { state.jobs[job.task.id] = nil }
            defer { state.queued = [] }
            return state.queued
        }
        queues.stop()
        for job in queued { if let delivery = job.handBack() { try? connection.say(.nak, of: delivery) } }
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
            if job.isUnderWay { beating.append(job) }
        }
        // In case that a connection that was lost has forgotten to remind.
        tellStarts()
        // A server that has just started has not heard of them.
        if !beating.isEmpty { tellStarts(of: beating) }
        guard tick % 10 == 0 else { return queues.fill(isPatient: false) }
        register()
        queues.refresh()
    }

    /// Says that the worker is there.
    private func register() {
        let (all, isDraining) = state.withLock { (Array($0.jobs.values), $0.isDraining) }
        let jobs = all.filter { !$0.isConcluded }
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
        let isFirst = state.withLock { state in
            if state.startsSince == nil { state.startsSince = .now }
            state.starts.append(job)
            return state.starts.count == 1
        }
        if isFirst { connection.remind(after: Self.startDelay) }
    }

    /// Tells which tasks were begun, if the first of them was begun so long ago.
    func tellStarts(after time: Duration = startDelay / 2) {
        let jobs = state.withLock { state -> [WorkerJob] in
            guard let since = state.startsSince, since.duration(to: .now) >= time else { return [] }
            state.startsSince = nil
            defer { state.starts = [] }
            return state.starts.filter(\.isUnderWay)
        }
        if !jobs.isEmpty { tellStarts(of: jobs) }
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

    /// Takes note that a task is over but for the word of the broker. Another one is asked for, but begun only when that has
    /// come: never are more nodes than there are slots in doubt when a worker is killed.
    func freeSlot(of job: WorkerJob) {
        job.freeSlot()
        state.withLock { $0.freed += 1 }
    }

    /// Begins a task that has come in, or has it wait for one that has only to be confirmed.
    func admit(_ job: WorkerJob) {
        enum Ruling { case begin, wait, handBack }
        let ruling = state.withLock { state -> Ruling in
            if !state.isDraining {
                guard state.begun > options.slots else { return .begin }
                if state.queued.count < state.freed {
                    state.queued.append(job)
                    return .wait
                }
            }
            // More has come than was asked for: others may have room.
            state.jobs[job.task.id] = nil
            return .handBack
        }
        switch ruling {
        case .begin: begin(job)
        case .wait: break
        case .handBack: if let delivery = job.handBack() { try? connection.say(.nak, of: delivery) }
        }
    }

    private func beginNext() {
        let next = state.withLock { state in
            state.queued.isEmpty || state.begun >= options.slots ? nil : state.queued.removeFirst()
        }
        if let next { begin(next) }
    }

    /// Takes note that a task is done with.
    func forget(_ job: WorkerJob, isOver: Bool, hasFreedSlot: Bool) {
        let isNews = state.withLock { state in
            // Of a slot that was free before, nothing new comes.
            defer { if hasFreedSlot { state.freed -= 1 } }
            if state.jobs[job.task.id] === job { state.jobs[job.task.id] = nil }
            if !isOver { state.strays += 1 }
            state.recent.append(job.task.token)
            state.recentTokens.insert(job.task.token)
            if state.recent.count > 2 * Self.memory {
                for token in state.recent.prefix(Self.memory) { state.recentTokens.remove(token) }
                state.recent.removeFirst(Self.memory)
            }
            return !hasFreedSlot || state.freed > options.slots
        }
        beginNext()
        if isNews { queues.fill(isPatient: true) }
    }

    /// Takes note that work has ended that was given up.
    func strayEnded() {
        state.withLock { $0.strays -= 1 }
        beginNext()
        queues.fill(isPatient: true)
    }
}
