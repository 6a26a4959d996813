public import FlowCore
public import FlowEngine
import FoundationEssentials
import GRDB

extension SQLiteJournal {
    /// The run's events behind a position, at most about `limit`.
    public func events(
        of id: WorkflowID, after position: Int, limit: Int
    ) async throws(JournalError) -> [RunEvent] {
        let rows: [(first: Int, events: [UInt8])]? = try await read { database in
            guard
                let sequence = try Int64.fetchOne(
                    database, sql: "SELECT sequence FROM run WHERE workflow_id = ?", arguments: [id.rawValue])
            else { return nil }
            var rows: [(Int, [UInt8])] = []
            var count = 0
            let cursor = try Row.fetchCursor(
                database,
                sql: """
                    SELECT first_position, last_position, events FROM journal
                    WHERE sequence = ? AND last_position > ? ORDER BY first_position
                    """, arguments: [sequence, position])
            while count < limit, let row = try cursor.next() {
                let first: Int = row[0]
                let last: Int = row[1]
                let events: Data = row[2]
                rows.append((first, Array(events)))
                count += last - max(first, position + 1) + 1
            }
            return rows
        }
        guard let rows else { throw JournalError(.notFound, "there is no run \"\(id)\"") }
        var events: [RunEvent] = []
        for row in rows {
            events += try RunEventCodec.decode(row.events, first: row.first).drop { $0.position <= position }
        }
        return events
    }

    /// Where a run stands, or `nil` when there is no such run.
    public func status(of id: WorkflowID) async throws(JournalError) -> WorkflowStatus? {
        try await read { database in
            try String.fetchOne(
                database, sql: "SELECT status FROM run WHERE workflow_id = ?", arguments: [id.rawValue]
            ).map(Self.status)
        }
    }

    /// Every run that has not ended, oldest first.
    public func unfinished() async throws(JournalError) -> [RunEntry] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM run WHERE completed_at IS NULL ORDER BY sequence")
                .map(Self.entry)
        }
    }

    /// The entries of the runs that match, newest first.
    public func entries(matching query: RunQuery) async throws(JournalError) -> [RunEntry] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func require(_ condition: String, _ values: (any DatabaseValueConvertible)...) {
            conditions.append(condition)
            arguments += StatementArguments(values)
        }
        if !query.statuses.isEmpty {
            let marks = query.statuses.map { _ in "?" }.joined(separator: ", ")
            conditions.append("status IN (\(marks))")
            arguments += StatementArguments(query.statuses.map(\.rawValue))
        }
        if let name = query.name { require("name = ?", name) }
        if let definition = query.definition {
            require("definition = ?", definition.name.rawValue)
            if let version = definition.version { require("definition_version = ?", version) }
        }
        if let backend = query.backend { require("backend = ?", backend.rawValue) }
        if let from = query.submittedFrom { require("submitted_at >= ?", from.milliseconds) }
        if let before = query.submittedBefore { require("submitted_at < ?", before.milliseconds) }
        if let before = query.before { require("sequence < ?", before) }
        for (label, value) in query.labels.sorted(by: { $0.key < $1.key }) {
            require("EXISTS (SELECT 1 FROM json_each(run.labels) WHERE key = ? AND value = ?)", label, value)
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        arguments += [query.limit]
        return try await read { [arguments] database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM run \(filter) ORDER BY sequence DESC LIMIT ?", arguments: arguments
            ).map(Self.entry)
        }
    }

    /// The largest sequence number in use.
    public func lastSequence() async throws(JournalError) -> Int64 {
        try await read { try Int64.fetchOne($0, sql: "SELECT max(sequence) FROM run") ?? 0 }
    }

    /// What was stored with an idempotency key.
    public func idempotencyRecord(_ key: String) async throws(JournalError) -> IdempotencyRecord? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM idempotency WHERE key = ?", arguments: [key]).map { row in
                IdempotencyRecord(
                    key: row["key"], fingerprint: row["fingerprint"], workflowID: WorkflowID(row["workflow_id"]),
                    createdAt: Timestamp(milliseconds: row["created_at"]))
            }
        }
    }

    private static func status(_ text: String) throws -> WorkflowStatus {
        guard let status = WorkflowStatus(rawValue: text) else {
            throw JournalError(.corrupt, "a run has the unknown status \"\(text)\"")
        }
        return status
    }

    private static func entry(_ row: Row) throws -> RunEntry {
        let status = try status(row["status"])
        let completedAt: Int64? = row["completed_at"]
        let definition: String? = row["definition"]
        return RunEntry(
            id: WorkflowID(row["workflow_id"]), sequence: row["sequence"], name: row["name"], status: status,
            backend: BackendName(row["backend"]), labels: labels(row["labels"]),
            submittedAt: Timestamp(milliseconds: row["submitted_at"]),
            completedAt: completedAt.map { Timestamp(milliseconds: $0) },
            definition: definition.map { DefinitionID(DefinitionName($0), version: row["definition_version"]) })
    }
}
