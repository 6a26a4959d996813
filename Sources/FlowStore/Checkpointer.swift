import GRDB
import Synchronization

/// Moves what the write-ahead log has gathered into the database, beside the commits rather than within one.
///
/// A passive checkpoint blocks neither readers nor the writer.
final class Checkpointer: Sendable {
    /// After so many bytes of events the log is worth a checkpoint.
    static let interval = 16 << 20
    /// After so many bytes the log has to begin anew, for which the writer waits a moment. Most often it does so by itself,
    /// when there is a pause; under a steady load the moments are this rare.
    static let patience = 512 << 20

    private struct State: Sendable {
        var bytes = 0
        var isRunning = false
        /// What was written since the writer last finished a checkpoint.
        var unfinishedBytes = 0
        /// Whether a checkpoint has just moved most of a log that is long.
        var wantsFinish = false
    }

    private let queue: DatabaseQueue
    private let state = Mutex(State())

    /// - Parameter path: The database, which the checkpointer opens once more for itself.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "flowcore.checkpoint"
        configuration.busyMode = .timeout(5)
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Counts what was written, and begins a checkpoint when it is time.
    func wrote(_ bytes: Int) {
        let isDue = state.withLock { state in
            state.bytes += bytes
            state.unfinishedBytes += bytes
            guard state.bytes >= Self.interval, !state.isRunning else { return false }
            state.bytes = 0
            state.isRunning = true
            return true
        }
        guard isDue else { return }
        queue.asyncWriteWithoutTransaction { [self] database in
            _ = try? database.checkpoint(.passive)
            state.withLock { state in
                state.isRunning = false
                state.wantsFinish = state.unfinishedBytes >= Self.patience
            }
        }
    }

    /// Moves what has been written since the last checkpoint began. Called by the writer between two commits, when
    /// little is left: only a log that has been moved whole is begun anew, and otherwise it would grow for ever under a
    /// steady load.
    func finish(on database: Database) {
        let isWanted = state.withLock { state in
            guard state.wantsFinish else { return false }
            state.wantsFinish = false
            state.unfinishedBytes = 0
            return true
        }
        if isWanted { _ = try? database.checkpoint(.passive) }
    }

    func close() { try? queue.close() }
}
