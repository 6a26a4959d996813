public import FlowCore
public import FlowEngine
import FlowJSON
import GRDB

extension SQLiteJournal: DeliveryStore {
    /// Pending deliveries whose next attempt is due, the one that has waited longest first.
    public func dueDeliveries(
        at instant: Timestamp, except origins: Set<String>, limit: Int
    ) async throws(JournalError) -> DueDeliveries {
        let left = JSONValue.array(origins.sorted().map { .string($0) }).description
        return try await read { database in
            let due = try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM delivery
                    WHERE next_attempt_at <= ? AND origin NOT IN (SELECT value FROM json_each(?))
                    ORDER BY next_attempt_at LIMIT ?
                    """, arguments: [instant.milliseconds, left, limit]
            ).map(Self.delivery)
            let next = try Int64.fetchOne(
                database, sql: "SELECT min(next_attempt_at) FROM delivery WHERE next_attempt_at > ?",
                arguments: [instant.milliseconds])
            return DueDeliveries(due, next: next.map { Timestamp(milliseconds: $0) })
        }
    }

    /// Stores what came of attempts, in one transaction.
    public func record(_ deliveries: [Delivery]) async throws(JournalError) {
        try await write { database in
            for delivery in deliveries {
                try database.execute(
                    sql: """
                        UPDATE delivery SET status = ?, attempts = ?, last_attempt_at = ?, next_attempt_at = ?, last_error = ?
                        WHERE sequence = ? AND workflow_id = ?
                        """,
                    arguments: [
                        delivery.status.rawValue, delivery.attempts, delivery.lastAttemptAt?.milliseconds,
                        delivery.nextAttemptAt?.milliseconds, delivery.lastError, delivery.sequence,
                        delivery.workflowID.rawValue,
                    ])
            }
        }
    }

    /// The delivery of a run, or `nil` when it has none.
    public func delivery(of id: WorkflowID) async throws(JournalError) -> Delivery? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM delivery WHERE workflow_id = ?", arguments: [id.rawValue])
                .map(Self.delivery)
        }
    }

    private static func delivery(_ row: Row) throws -> Delivery {
        let status: String = row["status"]
        guard let known = Delivery.Status(rawValue: status) else {
            throw JournalError(.corrupt, "a delivery has the unknown status \"\(status)\"")
        }
        let last: Int64? = row["last_attempt_at"]
        let next: Int64? = row["next_attempt_at"]
        var delivery = Delivery(
            sequence: row["sequence"], workflowID: WorkflowID(row["workflow_id"]), origin: row["origin"],
            createdAt: Timestamp(milliseconds: row["created_at"]))
        delivery.status = known
        delivery.attempts = row["attempts"]
        delivery.lastAttemptAt = last.map { Timestamp(milliseconds: $0) }
        delivery.nextAttemptAt = next.map { Timestamp(milliseconds: $0) }
        delivery.lastError = row["last_error"]
        return delivery
    }
}
