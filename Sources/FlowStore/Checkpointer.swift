import FlowEngine
import FlowSystem
import GRDB
import Synchronization

/// Moves what the write-ahead log has gathered into the database, most of it beside the commits rather than within one.
///
/// A passive checkpoint blocks neither readers nor the writer. Once all is moved the log begins anew, and commits
/// overwrite what it held: the disk answers them sooner than those that make the file grow.
///
/// SQLite before 3.51.3 can lose pages when the log begins anew while another connection's checkpoint starts
/// (<https://sqlite.org/wal.html#walresetbug>). Here it never does: a snapshot that is taken right behind a commit, when
/// the log holds what has not been moved, keeps the log as it is until the checkpoint is over.
final class Checkpointer: Sendable {
    /// After so many bytes the log is worth a checkpoint. The more there are, the longer commits wait for the disk beside it.
    static let interval = 8 << 20
    /// So little is moved between two commits; of more, most is moved beside them before.
    static let rest = 512 << 10
    /// After so many checkpoints beside the commits all that is left is moved between two: otherwise a steady load of large
    /// transactions would have the log grow for ever.
    static let patience = 4
    /// What a transaction adds to the log beside what is in it: the pages that every one of them changes.
    static let overhead = 20 << 10

    private struct State: Sendable {
        /// What was written since the last checkpoint began.
        var bytes = 0
        var isRunning = false
        /// How many checkpoints were made one right after the other, so that the log can begin anew.
        var round = 0
    }

    private enum Step {
        case none
        /// Move what there is beside the commits.
        case begin
        /// Move the rest before the next commit, which then finds a log that has been moved whole.
        case finish
    }

    private let pool: DatabasePool
    private let queue: DatabaseQueue
    private let file: OpenFile
    private let state = Mutex(State())

    /// - Parameters:
    ///   - pool: Whose writer commits.
    ///   - path: The database, which the checkpointer opens once more for itself.
    init(pool: DatabasePool, path: String) throws {
        guard let file = OpenFile(path) else { throw JournalError(.unavailable, "\"\(path)\" cannot be read") }
        var configuration = Configuration()
        configuration.label = "flowcore.checkpoint"
        configuration.busyMode = .timeout(5)
        self.pool = pool
        self.file = file
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Counts a transaction that has changed something, and has the log moved when it is time. Called by the writer right
    /// behind the commit.
    ///
    /// - Parameter bytes: About how much was written in it.
    func wrote(_ bytes: Int, on database: Database) {
        let step = state.withLock { state -> Step in
            state.bytes += bytes + Self.overhead
            guard !state.isRunning else { return .none }
            if state.round > 0, state.bytes <= Self.rest || state.round == Self.patience {
                state.round = 0
                return .finish
            }
            guard state.round > 0 || state.bytes >= Self.interval else { return .none }
            state.bytes = 0
            state.isRunning = true
            state.round += 1
            return .begin
        }
        switch step {
        case .none: break
        case .begin: begin()
        case .finish: _ = try? database.checkpoint(.passive)
        }
    }

    private func begin() {
        guard let snapshot = try? pool.makeSnapshot() else { return state.withLock { $0.isRunning = false } }
        queue.asyncWriteWithoutTransaction { [self] database in
            _ = try? database.checkpoint(.passive)
            try? snapshot.close()
            // SQLite waits for the disk only when nothing was committed meanwhile, so that the writer would have to, for
            // all that has been moved.
            file.synchronize()
            state.withLock { $0.isRunning = false }
        }
    }

    /// Ends when what is under way has. Called when the pool is closed, whose locks on the database go with the file.
    func close() {
        try? queue.close()
        file.close()
    }
}
