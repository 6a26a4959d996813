import FlowCore
import FlowEngine
import FlowStore
import GRDB
import TestSupport
import Testing

@Suite("definitions on SQLite", .timeLimit(.minutes(1)))
struct DefinitionStoreTests {
    static let time = Timestamp(milliseconds: 1_700_000_000_123)

    /// Calls `body` with a journal that is closed afterwards.
    static func with<Result>(
        _ directory: String = temporaryDirectory(), _ body: (SQLiteJournal) async throws -> Result
    ) async throws -> Result {
        let journal = try await SQLiteJournal.open(directory: directory)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(journal)) } catch { result = .failure(error) }
        await journal.close()
        return try result.get()
    }

    static func append(
        _ journal: SQLiteJournal, _ name: DefinitionName, after latest: Int?, _ text: String = "{}",
        _ limits: DefinitionLimits = DefinitionLimits()
    ) async throws -> Int? {
        try await journal.append(Array(text.utf8), to: name, after: latest, at: time, limits: limits)?.id.version
    }

    @Test("versions are there again, byte by byte, after the file was opened anew, and their numbers go on")
    func reopening() async throws {
        let directory = temporaryDirectory()
        let texts = ["{\"a\":1}", "{\"b\":\"\u{E9}\"}", "{\"b\":\"e\u{301}\"}"]
        try await Self.with(directory) { journal async throws in
            for (index, text) in texts.enumerated() {
                #expect(try await Self.append(journal, "x", after: index == 0 ? nil : index, text) == index + 1)
            }
            #expect(try await Self.append(journal, "gone", after: nil) == 1)
            #expect(try await journal.removeDefinition("gone", latest: 1))
            #expect(try await journal.removeVersion(DefinitionID("x", version: 2)))
        }
        try await Self.with(directory) { journal async throws in
            for version in [1, 3] {
                let id = DefinitionID("x", version: version)
                let entry = DefinitionEntry(id: id, createdAt: Self.time)
                let expected = Definition(entry: entry, document: Array(texts[version - 1].utf8))
                #expect(try await journal.definition(DefinitionReference(id)) == expected)
                if version == 3 { #expect(try await journal.definition(DefinitionReference("x")) == expected) }
            }
            #expect(try await journal.definition(DefinitionReference("x", version: 2)) == nil)
            #expect(try await journal.definition(DefinitionReference("gone")) == nil)
            #expect(try await journal.latestDefinitions(after: nil, limit: 9).map(\.id.description) == ["x@3"])
            // What was removed has left nothing but its last number.
            #expect(try await Self.append(journal, "gone", after: nil) == 2)
            #expect(try await Self.append(journal, "x", after: 3) == 4)
        }
    }

    @Test("a document is stored only behind the version that its author knows")
    func comparison() async throws {
        try await Self.with { journal async throws in
            #expect(try await Self.append(journal, "x", after: 1) == nil)
            #expect(try await Self.append(journal, "x", after: nil) == 1)
            #expect(try await Self.append(journal, "x", after: nil) == nil)
            #expect(try await Self.append(journal, "x", after: 2) == nil)
            #expect(try await Self.append(journal, "x", after: 1) == 2)
            #expect(try await !journal.removeDefinition("x", latest: 1))
            #expect(try await journal.versions(of: "x", before: nil, limit: 9).map(\.id.version) == [2, 1])
            #expect(try await journal.removeDefinition("x", latest: 2))
            #expect(try await !journal.removeDefinition("x", latest: 2))
            #expect(try await Self.append(journal, "x", after: 2) == nil)
            #expect(try await Self.append(journal, "x", after: nil) == 3)
        }
    }

    @Test("of many that store behind the same version one succeeds, and no number is given twice")
    func rivals() async throws {
        try await Self.with { journal async throws in
            let given = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var versions: [Int] = []
                        while versions.count < 10 {
                            let latest = try await journal.definition(DefinitionReference("x"))?.id.version
                            if let version = try await Self.append(journal, "x", after: latest) {
                                versions.append(version)
                            }
                        }
                        return versions
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(given.sorted() == Array(1...80))
        }
    }

    @Test("removing versions makes the one before the latest, and in the end nothing")
    func removal() async throws {
        try await Self.with { journal async throws in
            for version in 1...3 {
                #expect(try await Self.append(journal, "x", after: version == 1 ? nil : version - 1) == version)
            }
            for (removed, latest) in [(2, 3), (3, 1), (1, nil)] as [(Int, Int?)] {
                #expect(try await journal.removeVersion(DefinitionID("x", version: removed)))
                #expect(try await !journal.removeVersion(DefinitionID("x", version: removed)))
                #expect(try await journal.definition(DefinitionReference("x"))?.id.version == latest)
                let listed = try await journal.latestDefinitions(after: nil, limit: 9).map(\.id.version)
                #expect(listed == (latest.map { [$0] } ?? []))
            }
            #expect(try await journal.versions(of: "x", before: nil, limit: 9).isEmpty)
            #expect(try await Self.append(journal, "x", after: nil) == 4)
        }
    }

    @Test("lists come page by page, names in the order of their bytes and versions newest first")
    func pages() async throws {
        try await Self.with { journal async throws in
            for name in ["b", "B", "a-1", "a.1", "a", "10", "9"] {
                #expect(try await Self.append(journal, DefinitionName(name), after: nil) == 1)
            }
            for version in 1...4 { #expect(try await Self.append(journal, "a", after: version) == version + 1) }
            var names: [String] = []
            while true {
                let last = names.last.map { DefinitionName($0) }
                let page = try await journal.latestDefinitions(after: last, limit: 2)
                if page.isEmpty { break }
                names += page.map(\.id.name.rawValue)
            }
            #expect(names == ["10", "9", "B", "a", "a-1", "a.1", "b"])
            #expect(try await journal.versions(of: "a", before: nil, limit: 2).map(\.id.version) == [5, 4])
            #expect(try await journal.versions(of: "a", before: 4, limit: 9).map(\.id.version) == [3, 2, 1])
        }
    }

    @Test("bounds are kept, and what is removed makes room")
    func bounds() async throws {
        let limits = DefinitionLimits(count: 2, versions: 2)
        try await Self.with { journal async throws in
            func refused(_ name: DefinitionName, after latest: Int?) async throws -> String? {
                do {
                    _ = try await Self.append(journal, name, after: latest, "{}", limits)
                    return nil
                } catch let error as JournalError where error.code == .conflict {
                    return error.message
                }
            }
            #expect(try await refused("a", after: nil) == nil)
            #expect(try await refused("a", after: 1) == nil)
            #expect(try await refused("a", after: 2)?.contains("2 versions of \"a\"") == true)
            #expect(try await refused("b", after: nil) == nil)
            #expect(try await refused("c", after: nil)?.contains("2 definitions") == true)
            #expect(try await journal.definition(DefinitionReference("c")) == nil)
            #expect(try await journal.removeVersion(DefinitionID("a", version: 1)))
            #expect(try await refused("a", after: 2) == nil)
            #expect(try await journal.removeDefinition("b", latest: 1))
            #expect(try await refused("c", after: nil) == nil)
            // The number that was refused was not used up.
            #expect(try await journal.definition(DefinitionReference("c"))?.id.version == 1)
        }
    }

    @Test("a database from before there were definitions is brought forward with its runs")
    func migration() async throws {
        let directory = temporaryDirectory()
        let context = SQLiteJournalTests.context("r1")
        let events = SQLiteJournalTests.events(context)
        try await Self.with(directory) { journal async throws in
            #expect(await SQLiteJournalTests.append(journal, context, events, sequence: 1) == nil)
        }
        let other = try DatabaseFileTests.connect(directory)
        try await other.write { database in
            try database.execute(
                sql: """
                    DROP TABLE definition; DROP TABLE definition_version;
                    ALTER TABLE run DROP COLUMN definition; ALTER TABLE run DROP COLUMN definition_version;
                    DELETE FROM grdb_migrations WHERE identifier = '2';
                    """)
        }
        try other.close()
        try await Self.with(directory) { journal async throws in
            #expect(try await journal.events(of: context.id, after: 0, limit: 100) == events)
            #expect(try await journal.entries(matching: RunQuery()).map(\.definition) == [nil])
            #expect(try await Self.append(journal, "x", after: nil) == 1)
        }
    }
}
