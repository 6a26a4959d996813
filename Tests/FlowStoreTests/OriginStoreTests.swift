import FlowCore
import FlowEngine
import FlowStore
import GRDB
import TestSupport
import Testing

@Suite("where things come from", .timeLimit(.minutes(1)))
struct OriginStoreTests {
    @Test("a registration keeps its file, and a database from before files and versions gets room for them")
    func migration() async throws {
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        try await journal.save(BackendRegistration(name: "old", type: "metered"))
        await journal.close()
        let other = try DatabaseFileTests.connect(directory)
        try await other.write {
            try $0.execute(
                sql: """
                    ALTER TABLE backend DROP COLUMN file; DROP TABLE server_version;
                    DELETE FROM grdb_migrations WHERE identifier = '5'
                    """)
        }
        try other.close()
        journal = try await SQLiteJournal.open(directory: directory)
        try await journal.save(BackendRegistration(name: "new", type: "metered", file: "a.yaml"))
        #expect(try await journal.registrations().map(\.file) == [nil, "a.yaml"])
        try await journal.save(BackendRegistration(name: "new", type: "metered"))
        #expect(try await journal.registrations().map(\.file) == [nil, nil])
        await journal.close()
    }

    @Test("versions are kept in order, each when it is another one than the last")
    func versions() async throws {
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        func note(_ version: String, at milliseconds: Int64) async throws -> [String] {
            let entry = ServerVersion(version: version, since: Timestamp(milliseconds: milliseconds))
            return try await journal.note(entry).map { "\($0.version) \($0.since.milliseconds)" }
        }
        #expect(try await note("1", at: 10) == ["1 10"])
        #expect(try await note("1", at: 20) == ["1 10"])
        await journal.close()
        journal = try await SQLiteJournal.open(directory: directory)
        #expect(try await note("2", at: 30) == ["1 10", "2 30"])
        #expect(try await note("1", at: 40) == ["1 10", "2 30", "1 40"])
        await journal.close()
    }
}
