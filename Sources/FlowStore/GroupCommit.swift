import FlowEngine
import GRDB
import Synchronization

/// Writes batches to the database, all that wait at the same time in one transaction.
///
/// A commit costs one wait for the disk however much it holds, so the more callers there are, the larger the groups
/// become, and throughput is bound by the processor rather than by the disk.
final class GroupCommit: Sendable {
    /// A transaction takes at most so many batches and bytes, which bounds how long a caller waits.
    static let batchLimit = 512
    static let byteLimit = 8 << 20

    private struct Entry: Sendable {
        let batch: JournalBatch
        let completion: @Sendable (JournalError?) -> Void
    }

    private struct Queue: Sendable {
        var entries: [Entry] = []
        var isDraining = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let checkpointer: Checkpointer
    private let queue = Mutex(Queue())

    init(pool: DatabasePool, checkpointer: Checkpointer) {
        self.pool = pool
        self.checkpointer = checkpointer
    }

    func append(_ batch: JournalBatch, completion: @escaping @Sendable (JournalError?) -> Void) {
        let (isAccepted, starts) = queue.withLock { queue in
            guard !queue.isClosed else { return (false, false) }
            queue.entries.append(Entry(batch: batch, completion: completion))
            defer { queue.isDraining = true }
            return (true, !queue.isDraining)
        }
        guard isAccepted else { return completion(JournalError(.unavailable, "the journal is closed")) }
        if starts { drain() }
    }

    /// Writes one group, and another after whatever else waits for the writer: nobody is kept from it by a steady load.
    private func drain() {
        pool.asyncWriteWithoutTransaction { [self] database in
            let group = take()
            guard !group.isEmpty else { return }
            write(group, database)
            drain()
        }
    }

    /// Refuses further batches. Those that wait are written before any later use of the database's writer.
    func close() { queue.withLock { $0.isClosed = true } }

    /// Whether batches wait or are being written.
    var isBusy: Bool { queue.withLock { $0.isDraining } }

    private func take() -> [Entry] {
        queue.withLock { queue in
            var bytes = 0
            var count = 0
            for entry in queue.entries {
                bytes += entry.batch.events.count
                count += 1
                if count == Self.batchLimit || bytes >= Self.byteLimit { break }
            }
            guard count > 0 else {
                queue.isDraining = false
                return []
            }
            guard count < queue.entries.count else {
                defer { queue.entries = [] }
                return queue.entries
            }
            defer { queue.entries.removeFirst(count) }
            return Array(queue.entries[..<count])
        }
    }

    private func write(_ group: [Entry], _ database: Database) {
        var outcomes: [JournalError?] = []
        outcomes.reserveCapacity(group.count)
        do {
            let writer = try BatchWriter(database)
            try database.inTransaction(.immediate) {
                for entry in group { outcomes.append(try writer.write(entry.batch)) }
                return .commit
            }
        } catch {
            // One batch that cannot be written must not take the others down with it.
            guard group.count == 1 else {
                for entry in group { write([entry], database) }
                return
            }
            outcomes = [JournalError(error)]
        }
        for (entry, outcome) in zip(group, outcomes) { entry.completion(outcome) }
        let bytes = zip(group, outcomes).reduce(0) { $1.1 == nil ? $0 + $1.0.batch.events.count + 512 : $0 }
        if bytes > 0 { checkpointer.wrote(bytes, on: database) }
    }
}
