import GRDB

/// The versions of the database, each a step from the one before it. A step that has been released never changes.
enum Schema {
    /// Marks a file as ours (`PRAGMA application_id`): "Flow" in ASCII.
    static let applicationID = 0x466C_6F77

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(
                sql: """
                    CREATE TABLE run (
                        sequence INTEGER PRIMARY KEY,
                        workflow_id TEXT NOT NULL UNIQUE,
                        name TEXT NOT NULL,
                        status TEXT NOT NULL,
                        backend TEXT NOT NULL,
                        labels TEXT,
                        submitted_at INTEGER NOT NULL,
                        completed_at INTEGER,
                        last_position INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX run_unfinished ON run (sequence) WHERE completed_at IS NULL;
                    CREATE TABLE journal (
                        sequence INTEGER NOT NULL,
                        first_position INTEGER NOT NULL,
                        last_position INTEGER NOT NULL,
                        events BLOB NOT NULL,
                        PRIMARY KEY (sequence, first_position)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE idempotency (
                        key TEXT PRIMARY KEY,
                        fingerprint TEXT NOT NULL,
                        workflow_id TEXT NOT NULL,
                        created_at INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX idempotency_run ON idempotency (workflow_id);
                    CREATE TABLE backend (
                        position INTEGER PRIMARY KEY,
                        name TEXT NOT NULL UNIQUE,
                        type TEXT NOT NULL,
                        config TEXT NOT NULL
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("2", migrate: addDefinitions)
        migrator.registerMigration("3", migrate: addDeliveries)
        migrator.registerMigration("4", migrate: addConformance)
        migrator.registerMigration("5", migrate: addOrigins)
        migrator.registerMigration("6", migrate: packEvents)
        return migrator
    }
}
