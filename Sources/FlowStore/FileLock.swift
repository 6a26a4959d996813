import FlowEngine
import GRDB
import Synchronization

/// Keeps a second process from using the same directory, for as long as the lock is held or the process lives.
///
/// The lock is SQLite's own on a file beside the database: the system gives it back when the process dies.
final class FileLock: Sendable {
    private let queue: DatabaseQueue

    /// - Throws: ``JournalError/Code/unavailable`` when another process holds the lock.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "flowcore.lock"
        configuration.busyMode = .immediateError
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            // In exclusive mode the lock that this takes is kept.
            try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE; COMMIT") }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw JournalError(.unavailable, "another process uses this data directory")
        }
    }

    func release() { try? queue.close() }
}
