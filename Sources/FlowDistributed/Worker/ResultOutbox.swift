import FlowCore
import FlowJSON
import FlowNATS
import Logging
import Synchronization

/// Sends results to servers. What comes while a message is on its way goes with the next one: as long as there is little to
/// do each result goes by itself and at once, and the more there is the more go together.
///
/// A server is asked whether it reads such messages; to one that does not, or does not answer, each result goes by itself.
final class ResultOutbox: Sendable {
    /// A result as JSON text.
    private struct Entry: Sendable {
        let job: WorkerJob
        let bytes: [UInt8]
    }

    /// Results that go in one message, whose id is the same however often it is sent.
    private struct Batch: Sendable {
        let id: String
        let entries: [Entry]
    }

    /// What goes to one server.
    private struct Lane: Sendable {
        var waiting: [Entry] = []
        var isBusy = false
        var takesBatches = false
        var askedAt: ContinuousClock.Instant?
        var sent = 0

        /// Whether it is time to ask the server what it reads.
        mutating func isQuestionDue() -> Bool {
            let now = ContinuousClock.now
            if let askedAt, askedAt.duration(to: now) < ResultOutbox.questionPause { return false }
            askedAt = now
            return true
        }

        /// What is to be sent now.
        mutating func next(_ prefix: String) -> Batch? {
            guard !isBusy || !takesBatches, !waiting.isEmpty else { return nil }
            isBusy = true
            sent += 1
            var bytes = 0
            var count = 0
            let most = takesBatches ? min(waiting.count, ResultOutbox.most) : 1
            while count < most, bytes < ResultOutbox.mostBytes {
                bytes += waiting[count].bytes.count
                count += 1
            }
            defer { waiting.removeFirst(count) }
            return Batch(id: "\(prefix).\(sent)", entries: Array(waiting[..<count]))
        }
    }

    private struct State: Sendable {
        var lanes: [String: Lane] = [:]
        var onStored: @Sendable (WorkerJob) -> Void = { _ in }
    }

    /// Larger results go by themselves.
    static let largest = 8 << 10
    /// A message holds at most so many results, and about so many bytes.
    private static let most = 256
    private static let mostBytes = 128 << 10
    /// How long a message may take to be on the broker before it is sent anew, and when it is.
    private static let publishTime: Duration = .seconds(30)
    private static let pause: Duration = .milliseconds(200)
    /// When a server is asked again what it reads: another version may have taken its place.
    private static let questionPause: Duration = .seconds(5)

    private let stream: JetStream
    private let names: Names
    private let worker: String
    private let clock: any WallClock
    private let logger: Logger
    /// Tells the messages of this process from those of every other.
    private let prefix = "batch." + String(UInt64.random(in: .min ... .max), radix: 36)
    private let state = Mutex(State())

    init(_ stream: JetStream, _ names: Names, worker: String, clock: any WallClock, logger: Logger) {
        self.stream = stream
        self.names = names
        self.worker = worker
        self.clock = clock
        self.logger = logger
    }

    /// - Parameter onStored: Called with each job whose result the broker has, on a thread that must not be kept.
    func start(onStored: @escaping @Sendable (WorkerJob) -> Void) { state.withLock { $0.onStored = onStored } }

    /// Sends a result, until the broker has it.
    func send(_ bytes: [UInt8], of job: WorkerJob) {
        let shard = job.task.shard
        let (batch, asks) = state.withLock { state in
            state.lanes[shard, default: Lane()].waiting.append(Entry(job: job, bytes: bytes))
            return (next(shard, &state), state.lanes[shard]?.isQuestionDue() ?? false)
        }
        // Unstructured: nobody waits for the answer, which counts for what comes later.
        if asks { Task { [self] in await ask(shard) } }
        if let batch { publish(batch, to: shard) }
    }

    private func next(_ shard: String, _ state: inout State) -> Batch? {
        state.lanes[shard]?.next("\(prefix).\(shard)")
    }

    private func ask(_ shard: String) async {
        let question = JSONWriter.bytes(of: ["v": .integer(Int64(Envelope.version)), "kind": "who"])
        guard let answer = try? await stream.connection.request(names.question(shard), question, within: .seconds(1)),
            let value = try? JSONParser.parse(answer.payload)
        else { return }
        state.withLock { $0.lanes[shard]?.takesBatches = value["batches"]?.bool ?? false }
    }

    private func publish(_ batch: Batch, to shard: String) {
        let first = batch.entries[0]
        let task = first.job.task
        let isAlone = batch.entries.count == 1
        stream.publish(
            isAlone ? names.result(shard, task.run, task.node) : names.results(of: worker, for: shard),
            id: isAlone ? "res.\(task.id).\(task.token)" : batch.id,
            isAlone ? first.bytes : BatchEnvelope.bytes(worker: worker, batch.entries.map(\.bytes)),
            within: Self.publishTime
        ) { [self] result in
            switch result {
            case .success:
                let (following, onStored) = state.withLock { state in
                    state.lanes[shard]?.isBusy = false
                    return (next(shard, &state), state.onStored)
                }
                if let following { publish(following, to: shard) }
                for entry in batch.entries { onStored(entry.job) }
            case .failure(let error):
                logger.warning(
                    "results cannot be sent",
                    metadata: ["id": "\(task.id)", "count": "\(batch.entries.count)", "error": "\(error)"])
                // Unstructured: without a connection there is nothing to do but wait, and the results are there.
                Task { [self] in
                    try? await clock.sleep(for: Self.pause)
                    publish(batch, to: shard)
                }
            }
        }
    }
}
