import GRDB

extension Schema {
    /// Makes room for where things come from: the files of registrations, and the versions of servers.
    static func addOrigins(_ database: Database) throws {
        try database.execute(
            sql: """
                -- The file that holds the registration; null when it came over the API.
                ALTER TABLE backend ADD COLUMN file TEXT;
                CREATE TABLE server_version (
                    position INTEGER PRIMARY KEY,
                    version TEXT NOT NULL,
                    since INTEGER NOT NULL
                ) STRICT;
                """)
    }
}
