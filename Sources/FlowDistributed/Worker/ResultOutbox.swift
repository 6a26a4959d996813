import FlowCore
import FlowNATS
import Logging
import Synchronization

/// Sends results to servers. What comes while a message is on its way goes with the next one: as long as there is little to
/// do each result goes by itself and at once, and the more there is the more go together.
final class ResultOutbox: Sendable {
    /// A result as JSON text.
    private struct Entry: Sendable {
        let job: WorkerJob
        let bytes: [UInt8]
    }

    /// What goes to one server.
    private struct Lane: Sendable {
        var waiting: [Entry] = []
        var isBusy = false

        /// What is to be sent now.
        mutating func next() -> [Entry] {
            guard !isBusy, !waiting.isEmpty else { return [] }
            isBusy = true
            var bytes = 0
            var count = 0
            while count < min(waiting.count, ResultOutbox.most), bytes < ResultOutbox.mostBytes {
                bytes += waiting[count].bytes.count
                count += 1
            }
            defer { waiting.removeFirst(count) }
            return Array(waiting[..<count])
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

    private let stream: JetStream
    private let names: Names
    private let worker: String
    private let clock: any WallClock
    private let logger: Logger
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
        let batch = state.withLock { state in
            state.lanes[shard, default: Lane()].waiting.append(Entry(job: job, bytes: bytes))
            return state.lanes[shard, default: Lane()].next()
        }
        if !batch.isEmpty { publish(batch, to: shard) }
    }

    private func publish(_ batch: [Entry], to shard: String) {
        let first = batch[0].job.task
        var subject = names.result(shard, first.run, first.node)
        var id = "res.\(first.id).\(first.token)"
        var bytes = batch[0].bytes
        if batch.count > 1 {
            subject = names.results(of: worker, for: shard)
            id += ".\(batch.count)"
            bytes = BatchEnvelope.bytes(worker: worker, batch.map(\.bytes))
        }
        stream.publish(subject, id: id, bytes, within: Self.publishTime) { [self] result in
            switch result {
            case .success:
                let (next, onStored) = state.withLock { state in
                    state.lanes[shard]?.isBusy = false
                    return (state.lanes[shard]?.next() ?? [], state.onStored)
                }
                if !next.isEmpty { publish(next, to: shard) }
                for entry in batch { onStored(entry.job) }
            case .failure(let error):
                logger.warning(
                    "results cannot be sent",
                    metadata: ["id": "\(first.id)", "count": "\(batch.count)", "error": "\(error)"])
                // Unstructured: without a connection there is nothing to do but wait, and the results are there.
                Task { [self] in
                    try? await clock.sleep(for: Self.pause)
                    publish(batch, to: shard)
                }
            }
        }
    }
}
