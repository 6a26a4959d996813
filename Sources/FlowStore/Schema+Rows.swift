import GRDB

extension Schema {
    /// Lays the rows of the journal one behind the other, whole.
    ///
    /// In a table without row ids SQLite keeps no more than a quarter of a page of a row in place and gives the rest pages
    /// of its own: a run of ten nodes took one, and left most of it empty. Here three such runs share a page, in the file as
    /// in the log (<https://sqlite.org/fileformat2.html#cell_payload>).
    static func packEvents(_ database: Database) throws {
        try database.execute(
            sql: """
                ALTER TABLE journal RENAME TO journal_before;
                CREATE TABLE journal (
                    sequence INTEGER NOT NULL,
                    first_position INTEGER NOT NULL,
                    last_position INTEGER NOT NULL,
                    events BLOB NOT NULL,
                    PRIMARY KEY (sequence, first_position)
                ) STRICT;
                INSERT INTO journal (sequence, first_position, last_position, events)
                    SELECT sequence, first_position, last_position, events FROM journal_before
                    ORDER BY sequence, first_position;
                DROP TABLE journal_before;
                """)
    }
}
