import FlowJSON
import FlowNATS
import Synchronization

/// The queues that a worker takes tasks from, and how many it asks each of them for.
///
/// Never are more tasks asked for than there are free slots. A worker of one queue leaves a request open. One of several
/// goes through them in their order for what is there at once, and leaves a request for one task open with each when there
/// was nothing.
final class WorkerQueues: Sendable {
    private struct Queue: Sendable {
        let name: QueueName
        let consumer: PullConsumer
    }

    private struct State: Sendable {
        var queues: [Queue] = []
        /// The queue that is being asked for what is there.
        var sweep: Int?
        /// Whether a task came since the last time that all queues were asked.
        var isHot = true
        var isConnected = false
        var isRefreshing = false
        var numbers = 0
        var used: @Sendable () -> Int = { .max }
        var onMessage: NATSConnection.Handler = { _ in }
    }

    /// A request of a worker of one queue holds all its slots, which keeps it from another queue that comes to be.
    private static let openTime: Duration = .seconds(1)
    private static let sharedTime: Duration = .seconds(2)

    private let stream: JetStream
    private let name: String
    private let types: Set<String>
    private let labels: [String: String]
    private let slots: Int
    private let state = Mutex(State())
    /// Held from when it is found out how much there is room for until it is asked for, so that nobody asks for it twice.
    private let asking = Mutex(())

    init(_ stream: JetStream, stream name: String, types: Set<String>, labels: [String: String], slots: Int) {
        self.labels = labels
        self.stream = stream
        self.name = name
        self.types = types
        self.slots = slots
    }

    /// - Parameter used: How many slots are taken.
    func start(used: @escaping @Sendable () -> Int, onMessage: @escaping NATSConnection.Handler) {
        state.withLock { state in
            state.used = used
            state.onMessage = onMessage
        }
    }

    /// Takes no more tasks.
    func stop() {
        let queues = state.withLock { state in
            state.isConnected = false
            return state.queues
        }
        for queue in queues { queue.consumer.stop() }
    }

    /// Forgets what was asked for, as the broker does.
    func disconnected() {
        let queues = state.withLock { state in
            state.isConnected = false
            state.sweep = nil
            return state.queues
        }
        for queue in queues { queue.consumer.forget() }
    }

    /// Looks for queues that have come to be since.
    func refresh() {
        let isFirst = state.withLock { state in
            defer { state.isRefreshing = true }
            return !state.isRefreshing
        }
        guard isFirst else { return }
        // Unstructured: it begins with a callback, and ends soon.
        Task { [weak self] in await self?.look() }
    }

    private func look() async {
        var found: [QueueName] = []
        var offset = 0
        var isWhole = false
        while let page = try? await stream.call("CONSUMER.LIST." + name, ["offset": .integer(Int64(offset))]) {
            let consumers = page["consumers"]?.array ?? []
            found += consumers.compactMap { QueueName(consumer: $0) }.filter {
                $0.isFor(types: types, labels: labels)
            }
            offset += consumers.count
            isWhole = consumers.isEmpty || offset >= page["total"]?.integer.map { Int(clamping: $0) } ?? 0
            if isWhole { break }
        }
        let isConnected = stream.connection.isConnected
        let new = state.withLock { state -> [(QueueName, Int)] in
            state.isRefreshing = false
            state.isConnected = isConnected
            guard isWhole else { return [] }
            return found.filter { name in !state.queues.contains { $0.name == name } }.map { name in
                state.numbers += 1
                return (name, state.numbers)
            }
        }
        for (queue, number) in new {
            let consumer = PullConsumer(
                stream.connection, stream: name, consumer: queue.rawValue, number: number,
                onMessage: { [weak self] in self?.take($0) }, onEnd: { [weak self] in self?.ended(queue) })
            state.withLock { state in
                state.queues.append(Queue(name: queue, consumer: consumer))
                state.queues.sort { QueueName.precedes($0.name, $1.name) }
                state.sweep = nil
            }
        }
        fill(isPatient: false)
    }

    private func take(_ message: NATSMessage) {
        let body = state.withLock { state in
            state.isHot = true
            return state.onMessage
        }
        body(message)
    }

    /// Asks for what there are free slots for.
    ///
    /// - Parameter isPatient: Whether more slots may become free first, so that not every one of them is a request.
    func fill(isPatient: Bool) { asking.withLock { _ in ask(isPatient: isPatient) } }

    private func ask(isPatient: Bool) {
        let (used, queues, isConnected) = state.withLock { ($0.used(), $0.queues, $0.isConnected) }
        guard isConnected, used < slots, let first = queues.first else { return }
        let outstanding = queues.map(\.consumer.outstanding)
        let free = slots - used - outstanding.reduce(0, +)
        let enough = isPatient ? max(1, slots / 8) : 1
        guard free >= enough || free > 0 && outstanding.allSatisfy({ $0 == 0 }) else { return }
        guard queues.count > 1 else {
            try? first.consumer.ask(for: free, within: Self.openTime)
            return
        }
        let begins = state.withLock { state -> Bool in
            guard state.sweep == nil, state.isHot || slots < queues.count || outstanding.contains(0) else {
                return false
            }
            // One that comes to nothing is repeated with the next tick, not at once.
            guard state.isHot || !isPatient else { return false }
            state.sweep = 0
            state.isHot = false
            return true
        }
        if begins { try? first.consumer.ask(for: free, within: nil) }
    }

    /// Goes on with the next queue when one has given what it has.
    private func ended(_ name: QueueName) {
        let next = state.withLock { state -> (queues: [Queue], index: Int, used: Int)? in
            guard let sweep = state.sweep, sweep < state.queues.count, state.queues[sweep].name == name else {
                return nil
            }
            state.sweep = sweep + 1
            return (state.queues, sweep + 1, state.used())
        }
        guard let next else { return fill(isPatient: true) }
        asking.withLock { _ in goOn(next) }
    }

    private func goOn(_ next: (queues: [Queue], index: Int, used: Int)) {
        let outstanding = next.queues.map(\.consumer.outstanding)
        var free = slots - min(next.used, slots) - outstanding.reduce(0, +)
        if next.index < next.queues.count, free > 0 {
            try? next.queues[next.index].consumer.ask(for: free, within: nil)
            return
        }
        let isHot = state.withLock { state in
            state.sweep = nil
            return state.isHot
        }
        if isHot { return ask(isPatient: true) }
        guard slots >= next.queues.count else { return }
        for (queue, open) in zip(next.queues, outstanding) where open == 0 && free > 0 {
            try? queue.consumer.ask(for: 1, within: Self.sharedTime)
            free -= 1
        }
    }
}
