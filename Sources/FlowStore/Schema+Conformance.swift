import GRDB

extension Schema {
    /// Makes room for what came of judging backends, and for what registrations require of that.
    static func addConformance(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE backend ADD COLUMN require_conformance TEXT;
                CREATE TABLE conformance_run (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    id TEXT NOT NULL UNIQUE,
                    backend TEXT NOT NULL,
                    -- Whether it is of the backend's present registration.
                    is_current INTEGER NOT NULL,
                    status TEXT NOT NULL,
                    requested_level TEXT NOT NULL,
                    only_cases TEXT NOT NULL,
                    total INTEGER NOT NULL,
                    -- Null unless all cases of a level were tried and none failed.
                    proven_level TEXT,
                    error TEXT,
                    results TEXT NOT NULL,
                    started_at INTEGER NOT NULL,
                    ended_at INTEGER
                ) STRICT;
                CREATE INDEX conformance_run_backend ON conformance_run (backend, sequence);
                CREATE INDEX conformance_run_running ON conformance_run (status) WHERE status = 'running';
                """)
    }
}
