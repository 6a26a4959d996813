import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import GRDB
import TestSupport
import Testing

@Suite("the rows of the journal", .timeLimit(.minutes(1)))
struct RowStoreTests {
    @Test("a database from before rows lay whole is laid out anew, and nothing of it is lost")
    func migration() async throws {
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        var written: [[RunEvent]] = []
        for index in 1...50 {
            let context = SQLiteJournalTests.context("r\(index)")
            let events = SQLiteJournalTests.events(context)
            let half = events.count / 2
            for part in [Array(events[..<half]), Array(events[half...])] {
                #expect(await SQLiteJournalTests.append(journal, context, part, sequence: Int64(index)) == nil)
            }
            written.append(events)
        }
        await journal.close()
        let other = try DatabaseFileTests.connect(directory)
        try await other.write {
            try $0.execute(
                sql: """
                    ALTER TABLE journal RENAME TO journal_whole;
                    CREATE TABLE journal (
                        sequence INTEGER NOT NULL,
                        first_position INTEGER NOT NULL,
                        last_position INTEGER NOT NULL,
                        events BLOB NOT NULL,
                        PRIMARY KEY (sequence, first_position)
                    ) STRICT, WITHOUT ROWID;
                    INSERT INTO journal SELECT * FROM journal_whole ORDER BY sequence DESC;
                    DROP TABLE journal_whole;
                    DELETE FROM grdb_migrations WHERE identifier = '6';
                    """)
        }
        journal = try await SQLiteJournal.open(directory: directory)
        for (index, events) in written.enumerated() {
            #expect(try await journal.events(of: WorkflowID("r\(index + 1)"), after: 0, limit: 1000) == events)
        }
        // It takes what comes next.
        let context = SQLiteJournalTests.context("next")
        #expect(
            await SQLiteJournalTests.append(journal, context, SQLiteJournalTests.events(context), sequence: 51) == nil)
        let tables = try await other.read {
            try String.fetchAll($0, sql: "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name LIKE 'journal%'")
        }
        #expect(tables.count == 1 && !tables[0].contains("WITHOUT ROWID"), "\(tables)")
        try other.close()
        await journal.close()
    }

    @Test("runs of a kilobyte share pages")
    func sharing() async throws {
        let directory = temporaryDirectory()
        let journal = try await SQLiteJournal.open(directory: directory)
        let other = try DatabaseFileTests.connect(directory)
        func pages() async throws -> Int {
            try await other.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        }
        let before = try await pages()
        let count = 300
        for index in 1...count {
            let context = SQLiteJournalTests.context("r\(index)")
            let output = JSONValue.string(String(repeating: "x", count: 1000))
            let event = RunEvent(position: 2, time: SQLiteJournalTests.time, kind: .workflowCompleted(output: output))
            let events = [SQLiteJournalTests.events(context)[0], event]
            #expect(await SQLiteJournalTests.append(journal, context, events, sequence: Int64(index)) == nil)
        }
        let used = try await pages() - before
        #expect(used < count / 2, "\(used) pages for \(count) runs")
        try other.close()
        await journal.close()
    }
}
