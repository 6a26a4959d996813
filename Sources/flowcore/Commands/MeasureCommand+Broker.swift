import FlowJSON
import FlowNATS
import FlowSystem
import Synchronization

/// The bare pair that distributed nodes are measured against: who sends messages to a stream and takes answers from
/// another, and who takes and answers them, in the same order of acknowledgements and with nothing else to do.
extension MeasureCommand {
    private static let inFlight = 512
    private static let tasks = "BARE_TASKS"
    private static let results = "BARE_RES"

    /// Sends and counts for some seconds, or answers until the process is ended.
    static func measureBroker(_ url: String, answers: Bool, seconds: Int) async throws {
        let (connections, found) = AsyncStream.makeStream(of: Void.self)
        let connection = NATSConnection(NATSOptions(servers: [url], name: "bare")) { event in
            if case .connected = event { found.yield() }
        }
        connection.start()
        for await _ in connections { break }
        let stream = JetStream(connection)
        for (name, subject) in [(tasks, "bare.task.>"), (results, "bare.res.>")] {
            try await stream.ensureStream([
                "name": .string(name), "subjects": [.string(subject)], "retention": "workqueue", "storage": "file",
                "discard": "new",
            ])
            try await stream.ensureConsumer(
                "all", of: name, ["ack_policy": "explicit", "deliver_policy": "all", "max_ack_pending": 100_000])
        }
        if answers { return try await answer(connection, stream) }
        let counter = BareCounter()
        // Another one may have sent to the stream within the time in which it knows messages again.
        let sender = String(UInt64.random(in: .min ... .max), radix: 36)
        let send: @Sendable () -> Void = {
            let number = counter.next()
            stream.publish(
                "bare.task.\(sender)-\(number)", id: "\(sender)-\(number)", [UInt8](repeating: 0x78, count: 100),
                within: .seconds(30)
            ) { _ in }
        }
        try pull(results, connection) { message, delivery in
            try? connection.say(.ack, of: delivery)
            counter.count()
            send()
        }
        for _ in 0..<inFlight { send() }
        // Real time is what is measured: one second to get going, then those that count.
        try await Task.sleep(for: .seconds(1))
        let (before, start) = (counter.answered, ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))
        let rate = Double(counter.answered - before) / (start.duration(to: .now) / .seconds(1))
        StandardStreams.write("\(JSONValue.object(["per_second": .double(rate)]))\n")
    }

    private static func answer(_ connection: NATSConnection, _ stream: JetStream) async throws {
        try pull(tasks, connection) { message, delivery in
            let subject = "bare.res." + (message.subject.split(separator: ".").last ?? "")
            stream.publish(subject, id: subject, message.payload, within: .seconds(30)) { result in
                if case .success = result { try? connection.say(.ack, of: delivery) }
            }
        }
        StandardStreams.write("ready\n")
        // The answers come on threads of the connection's until whoever measures ends the process.
        for await _ in AsyncStream<Never>.makeStream().stream {}
    }

    /// Keeps asking a stream for more.
    private static func pull(
        _ stream: String, _ connection: NATSConnection,
        _ body: @escaping @Sendable (NATSMessage, Delivery) -> Void
    ) throws {
        let relay = BareRelay()
        let consumer = PullConsumer(
            connection, stream: stream, consumer: "all", number: 1,
            onMessage: { message in if let delivery = Delivery(message.reply) { body(message, delivery) } },
            onEnd: { relay.call() })
        relay.set { while consumer.outstanding <= 256 { try? consumer.ask(for: 256, within: .seconds(5)) } }
        relay.call()
        connection.onTick { relay.call() }
    }
}

/// Counts what was sent and answered.
private final class BareCounter: Sendable {
    private let sent = Atomic<Int>(0)
    private let done = Atomic<Int>(0)

    func next() -> Int { sent.wrappingAdd(1, ordering: .relaxed).newValue }
    func count() { done.wrappingAdd(1, ordering: .relaxed) }
    var answered: Int { done.load(ordering: .relaxed) }
}

/// Calls a function that is made after who calls it.
private final class BareRelay: Sendable {
    private let body = Mutex<(@Sendable () -> Void)?>(nil)

    func set(_ body: @escaping @Sendable () -> Void) { self.body.withLock { $0 = body } }
    func call() { body.withLock { $0 }?() }
}
