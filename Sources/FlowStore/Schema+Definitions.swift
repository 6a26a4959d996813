import GRDB

extension Schema {
    /// Makes room for definitions, and for the definition that a run comes from.
    static func addDefinitions(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE definition (
                    name TEXT PRIMARY KEY,
                    -- The largest number that was ever given, so that none is given twice: the row outlives its versions.
                    last_version INTEGER NOT NULL,
                    -- The largest number of those that are there; null when all were removed.
                    latest_version INTEGER
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX definition_present ON definition (name, latest_version) WHERE latest_version IS NOT NULL;
                CREATE TABLE definition_version (
                    position INTEGER PRIMARY KEY,
                    name TEXT NOT NULL,
                    version INTEGER NOT NULL,
                    created_at INTEGER NOT NULL,
                    document BLOB NOT NULL,
                    UNIQUE (name, version)
                ) STRICT;
                ALTER TABLE run ADD COLUMN definition TEXT;
                ALTER TABLE run ADD COLUMN definition_version INTEGER;
                """)
    }
}
