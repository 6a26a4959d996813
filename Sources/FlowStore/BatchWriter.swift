import FlowCore
import FlowEngine
import FlowJSON
import FoundationEssentials
import GRDB

/// Writes one batch within a transaction.
struct BatchWriter {
    private let database: Database
    private let insertRun: Statement
    private let updateRun: Statement
    private let insertEvents: Statement
    private let insertKey: Statement

    init(_ database: Database) throws {
        self.database = database
        insertRun = try database.cachedStatement(
            sql: """
                INSERT INTO run (sequence, workflow_id, name, status, backend, labels, submitted_at, completed_at, last_position,
                    definition, definition_version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        updateRun = try database.cachedStatement(
            sql: """
                UPDATE run SET status = ?, completed_at = ?, last_position = ?
                WHERE sequence = ? AND last_position = ?
                """)
        insertEvents = try database.cachedStatement(
            sql: "INSERT INTO journal (sequence, first_position, last_position, events) VALUES (?, ?, ?, ?)")
        insertKey = try database.cachedStatement(
            sql: """
                INSERT INTO idempotency (key, fingerprint, workflow_id, created_at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """)
    }

    /// - Returns: why the batch was refused, which leaves the rest of the transaction whole.
    func write(_ batch: JournalBatch) throws -> JournalError? {
        if batch.isFirst {
            if let refusal = try create(batch) { return refusal }
        } else {
            let entry = batch.entry
            let changed = try run(
                updateRun,
                [
                    entry.status.rawValue, entry.completedAt?.milliseconds, batch.lastPosition, entry.sequence,
                    batch.firstPosition - 1,
                ])
            guard changed == 1 else {
                return JournalError(
                    .unavailable, "events of run \"\(entry.id)\" from position \(batch.firstPosition) leave a gap")
            }
        }
        _ = try run(
            insertEvents,
            [batch.entry.sequence, batch.firstPosition, batch.lastPosition, Data(batch.events)])
        if let delivery = batch.delivery { try insert(delivery) }
        return nil
    }

    private func insert(_ delivery: Delivery) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO delivery (sequence, workflow_id, origin, status, attempts, created_at, next_attempt_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        _ = try run(
            statement,
            [
                delivery.sequence, delivery.workflowID.rawValue, delivery.origin, delivery.status.rawValue,
                delivery.attempts, delivery.createdAt.milliseconds, delivery.nextAttemptAt?.milliseconds,
            ])
    }

    private func create(_ batch: JournalBatch) throws -> JournalError? {
        let entry = batch.entry
        if let key = batch.idempotency {
            let isNew = try run(
                insertKey, [key.key, key.fingerprint, key.workflowID.rawValue, key.createdAt.milliseconds])
            guard isNew == 1 else { return JournalError(.conflict, "the idempotency key is taken") }
        }
        let changed = try run(
            insertRun,
            [
                entry.sequence, entry.id.rawValue, entry.name, entry.status.rawValue, entry.backend.rawValue,
                labels(entry.labels), entry.submittedAt.milliseconds, entry.completedAt?.milliseconds,
                batch.lastPosition, entry.definition?.name.rawValue, entry.definition?.version,
            ])
        guard changed == 1 else {
            if let key = batch.idempotency {
                try database.execute(sql: "DELETE FROM idempotency WHERE key = ?", arguments: [key.key])
            }
            return JournalError(.conflict, "there is a run \"\(entry.id)\" already")
        }
        return nil
    }

    private func run(_ statement: Statement, _ arguments: StatementArguments) throws -> Int {
        try statement.execute(arguments: arguments)
        return database.changesCount
    }

    private func labels(_ labels: [String: String]) -> String? {
        guard !labels.isEmpty else { return nil }
        var object = JSONObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        return JSONValue.object(object).description
    }
}
