public import FlowCore
public import FlowEngine
import FlowJSON
import GRDB

extension SQLiteJournal: ConformanceStore {
    /// Stores a run that begins, and removes the oldest ones of its backend.
    public func begin(_ run: ConformanceRun, keeping count: Int) async throws(JournalError) -> Int64 {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO conformance_run
                        (id, backend, is_current, status, requested_level, only_cases, total, results, started_at)
                    VALUES (?, ?, 1, ?, ?, ?, ?, '[]', ?)
                    """,
                arguments: [
                    run.id, run.backend.rawValue, run.status.rawValue, run.level.rawValue,
                    JSONValue.array(run.only.map { .string($0) }).description, run.total, run.startedAt.milliseconds,
                ])
            let sequence = database.lastInsertedRowID
            try database.execute(
                sql: """
                    DELETE FROM conformance_run WHERE backend = ? AND sequence <=
                        (SELECT sequence FROM conformance_run WHERE backend = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?)
                        AND sequence NOT IN (
                            -- What opens the backend's gate stays as long as it does.
                            SELECT sequence FROM conformance_run
                            WHERE backend = ? AND is_current = 1 AND proven_level IS NOT NULL
                            ORDER BY proven_level DESC, sequence DESC LIMIT 1)
                    """, arguments: [run.backend.rawValue, run.backend.rawValue, count, run.backend.rawValue])
            return sequence
        }
    }

    /// Stores how a run ended.
    public func end(_ run: ConformanceRun) async throws(JournalError) {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE conformance_run SET status = ?, proven_level = ?, error = ?, results = ?, ended_at = ?
                    WHERE id = ?
                    """,
                arguments: [
                    run.status.rawValue, run.proof?.rawValue, run.error,
                    JSONValue.array(run.report.results.map(\.json)).description, run.endedAt?.milliseconds, run.id,
                ])
        }
    }

    /// A run, or `nil` when its backend has none of that id.
    public func conformanceRun(
        _ id: String, of backend: BackendName
    ) async throws(JournalError) -> ConformanceRun? {
        try await read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM conformance_run WHERE id = ? AND backend = ?",
                arguments: [id, backend.rawValue]
            ).map(Self.conformanceRun)
        }
    }

    /// The runs of a backend, newest first.
    public func conformanceRuns(
        of backend: BackendName, before sequence: Int64?, limit: Int
    ) async throws(JournalError) -> [ConformanceRun] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM conformance_run WHERE backend = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?
                    """, arguments: [backend.rawValue, sequence ?? .max, limit]
            ).map(Self.conformanceRun)
        }
    }

    /// Ends the runs that a crash has left.
    public func interruptConformanceRuns(at instant: Timestamp) async throws(JournalError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE conformance_run SET status = 'interrupted', ended_at = ? WHERE status = 'running'",
                arguments: [instant.milliseconds])
        }
    }

    /// For each backend the last run of its present registration, and the highest level that one of those has proven.
    public func currentConformance() async throws(JournalError) -> [CurrentConformance] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT *, (SELECT max(proven_level) FROM conformance_run AS other
                               WHERE other.backend = run.backend AND other.is_current = 1) AS best
                    FROM conformance_run AS run
                    WHERE sequence IN (SELECT max(sequence) FROM conformance_run WHERE is_current = 1 GROUP BY backend)
                    """
            ).map { row in
                let best: String? = row["best"]
                return CurrentConformance(
                    last: try Self.conformanceRun(row), proven: best.flatMap(ConformanceLevel.init(rawValue:)))
            }
        }
    }

    private static func conformanceRun(_ row: Row) throws -> ConformanceRun {
        let status: String = row["status"]
        let level: String = row["requested_level"]
        let only: String = row["only_cases"]
        let results: String = row["results"]
        guard let known = ConformanceRun.Status(rawValue: status), let level = ConformanceLevel(rawValue: level),
            let only = (try? JSONParser.parse(only))?.array?.compactMap(\.string),
            let results = (try? JSONParser.parse(results))?.array
        else { throw JournalError(.corrupt, "a stored conformance run cannot be understood") }
        var run = ConformanceRun(
            id: row["id"], backend: BackendName(row["backend"]), level: level, only: only, total: row["total"],
            startedAt: Timestamp(milliseconds: row["started_at"]))
        let ended: Int64? = row["ended_at"]
        run.sequence = row["sequence"]
        run.status = known
        run.report = ConformanceReport(results.compactMap { ConformanceResult(decoding: $0) })
        run.error = row["error"]
        run.endedAt = ended.map { Timestamp(milliseconds: $0) }
        return run
    }
}
