public import FlowCore
public import FlowEngine
import GRDB

extension SQLiteJournal {
    /// Removes a run and all that belongs to it, in one transaction.
    public func delete(_ id: WorkflowID) async throws(JournalError) -> Bool {
        try await write { database in
            guard
                let sequence = try Int64.fetchOne(
                    database, sql: "SELECT sequence FROM run WHERE workflow_id = ?", arguments: [id.rawValue])
            else { return false }
            try Self.remove(sequence, id.rawValue, database)
            return true
        }
    }

    /// Removes finished runs beyond the policy, oldest first, at most `batch` in one transaction.
    public func prune(
        _ policy: RetentionPolicy, now: Timestamp, batch: Int
    ) async throws(JournalError) -> [WorkflowID] {
        try await write { database in
            var doomed: [Row] = []
            if let age = policy.maximumAge {
                // Runs end about in the order in which they were submitted: a look at the oldest is enough, and spares
                // every run an entry in one more index.
                let cutoff = now.advanced(by: .zero - age).milliseconds
                doomed = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT sequence, workflow_id, completed_at FROM run WHERE completed_at IS NOT NULL
                        AND \(Self.isTold) ORDER BY sequence LIMIT ?
                        """, arguments: [batch]
                ).filter { row in
                    let end: Int64 = row["completed_at"]
                    return end < cutoff
                }
            }
            if doomed.isEmpty, let count = policy.maximumCount {
                doomed = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT sequence, workflow_id FROM run WHERE completed_at IS NOT NULL AND sequence <= (
                            SELECT sequence FROM run WHERE completed_at IS NOT NULL
                            ORDER BY sequence DESC LIMIT 1 OFFSET ?)
                        AND \(Self.isTold) ORDER BY sequence LIMIT ?
                        """, arguments: [count, batch])
            }
            for row in doomed { try Self.remove(row["sequence"], row["workflow_id"], database) }
            return doomed.map { WorkflowID($0["workflow_id"]) }
        }
    }

    /// Whether nobody waits any more to be told of a run's end.
    private static let isTold = """
        NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.sequence = run.sequence AND next_attempt_at IS NOT NULL)
        """

    private static func remove(_ sequence: Int64, _ id: String, _ database: Database) throws {
        try database.execute(sql: "DELETE FROM journal WHERE sequence = ?", arguments: [sequence])
        try database.execute(sql: "DELETE FROM delivery WHERE sequence = ?", arguments: [sequence])
        try database.execute(sql: "DELETE FROM idempotency WHERE workflow_id = ?", arguments: [id])
        try database.execute(sql: "DELETE FROM run WHERE sequence = ?", arguments: [sequence])
    }
}
