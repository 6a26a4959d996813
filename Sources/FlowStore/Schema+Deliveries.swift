import GRDB

extension Schema {
    /// Makes room for what is to be told of the end of runs.
    static func addDeliveries(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE delivery (
                    -- The run's.
                    sequence INTEGER PRIMARY KEY,
                    workflow_id TEXT NOT NULL UNIQUE,
                    origin TEXT NOT NULL,
                    status TEXT NOT NULL,
                    attempts INTEGER NOT NULL,
                    created_at INTEGER NOT NULL,
                    last_attempt_at INTEGER,
                    -- Null once there is no more to do.
                    next_attempt_at INTEGER,
                    last_error TEXT
                ) STRICT;
                CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
                """)
    }
}
