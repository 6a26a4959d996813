import Dispatch
import FlowCore
public import FlowEngine
import FoundationEssentials
import GRDB

/// The journal in one SQLite file.
///
/// Writes go through one connection in group commits with `synchronous=FULL`; reads go through others, each on a
/// snapshot of its own, and never wait for a write.
public final class SQLiteJournal: Journal {
    let pool: DatabasePool
    private let commits: GroupCommit
    private let lock: FileLock
    let checkpointer: Checkpointer

    /// Opens the journal `flowcore.db` in a directory, and makes both when they are not there.
    ///
    /// - Parameters:
    ///   - directory: Where the file is; one process at a time has it.
    ///   - busyTimeout: How long a write waits for somebody else's, such as a tool that looks at the file.
    /// - Throws: ``JournalError`` when the file is no journal of this version or another process holds it.
    public static func open(
        directory: String, busyTimeout: Duration = .seconds(5)
    ) async throws(JournalError) -> SQLiteJournal {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let lock = try FileLock(path: directory + "/flowcore.lock")
            return try SQLiteJournal(path: directory + "/flowcore.db", lock: lock, busyTimeout: busyTimeout)
        } catch {
            throw JournalError(error)
        }
    }

    private init(path: String, lock: FileLock, busyTimeout: Duration) throws {
        var configuration = Configuration()
        configuration.label = "flowcore.journal"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(busyTimeout / .seconds(1))
        configuration.prepareDatabase { database in
            // Checkpoints happen off the commit path, by the checkpointer.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        pool = try DatabasePool(path: path, configuration: configuration)
        // Only now: the pool itself has set its writer to NORMAL, with which a power cut takes the last commits back.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let migrator = Schema.migrator
        if try pool.read({ try migrator.hasBeenSuperseded($0) }) {
            throw JournalError(.unavailable, "the database was written by a newer version of this program")
        }
        try migrator.migrate(pool)
        self.lock = lock
        checkpointer = try Checkpointer(pool: pool, path: path)
        commits = GroupCommit(pool: pool, checkpointer: checkpointer)
    }

    /// Queues a run's next events; see ``Journal/append(_:completion:)``.
    public func append(_ batch: JournalBatch, completion: @escaping @Sendable (JournalError?) -> Void) {
        commits.append(batch, completion: completion)
    }

    /// Fails when the database cannot be written.
    public func check() async throws(JournalError) {
        try await write { database in
            // The same value again: it takes the write lock and the log, and changes nothing.
            try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
        }
    }

    /// How hard the writer makes sure of a commit, as `PRAGMA synchronous` tells it: 2 is FULL.
    package func synchronousLevel() async throws(JournalError) -> Int? {
        try await write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// Keeps the database from growing beyond so many pages, and beyond what it has when that is more; `nil` lifts the
    /// bound. At it, a write fails as it does on a full disk.
    package func bound(pages: Int?) async throws(JournalError) {
        let count = pages ?? Int(UInt32.max - 1)
        _ = try await write { try Int.fetchOne($0, sql: "PRAGMA max_page_count = \(count)") }
    }

    /// Writes what is queued and closes the database.
    public func close() async {
        commits.close()
        // The writer works in order, and each turn of it writes a group.
        repeat { try? await write { _ in } } while commits.isBusy
        // Closing waits for reads that are under way, and those may need a thread of the pool to come to their end: were
        // the wait on one, stores that close at the same time could hold all of them.
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "flowcore.journal.close").async { [pool, checkpointer, lock] in
                try? pool.close()
                checkpointer.close()
                lock.release()
                continuation.resume()
            }
        }
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        do { return try await pool.read(body) } catch { throw JournalError(error) }
    }

    /// Runs a transaction.
    ///
    /// - Parameter bytes: About how much it writes, when that is much.
    func write<Value: Sendable>(
        bytes: Int = 0, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        do {
            return try await pool.writeWithoutTransaction { [checkpointer] database in
                let changes = database.totalChangesCount
                try database.beginTransaction(.immediate)
                let value: Value
                do {
                    value = try body(database)
                    try database.commit()
                } catch {
                    // The transaction may have ended with the error, as on a full disk.
                    if database.isInsideTransaction { try database.rollback() }
                    throw error
                }
                if database.totalChangesCount != changes { checkpointer.wrote(bytes, on: database) }
                return value
            }
        } catch {
            throw JournalError(error)
        }
    }
}
