import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

/// The journal's file, looked at and held by somebody else.
@Suite("the file of the journal", .timeLimit(.minutes(1)))
struct DatabaseFileTests {
    /// A connection of the test's own to a journal's file, which may leave a transaction open.
    static func connect(_ directory: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: directory + "/flowcore.db", configuration: configuration)
    }

    @Test("a database of a newer version is refused and left as it is")
    func newer() async throws {
        let directory = temporaryDirectory()
        let context = SQLiteJournalTests.context("r1")
        let events = SQLiteJournalTests.events(context)
        let journal = try await SQLiteJournal.open(directory: directory)
        #expect(await SQLiteJournalTests.append(journal, context, events, sequence: 1) == nil)
        await journal.close()
        let other = try Self.connect(directory)
        try await other.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999')") }
        for _ in 0..<2 {
            do {
                await (try SQLiteJournal.open(directory: directory)).close()
                Issue.record("it was opened")
            } catch {
                #expect(error.code == .unavailable && error.message.contains("newer version"), "\(error)")
            }
        }
        // Its owner finds everything, and the directory free.
        try await other.write { try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '999'") }
        try other.close()
        let again = try await SQLiteJournal.open(directory: directory)
        #expect(try await again.events(of: context.id, after: 0, limit: 100) == events)
        await again.close()
    }

    @Test("the file says what it is, and each commit is on the disk before it is told")
    func pragmas() async throws {
        let directory = temporaryDirectory()
        let journal = try await SQLiteJournal.open(directory: directory)
        let other = try Self.connect(directory)
        let (mode, application) = try await other.read { database in
            (
                try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                try Int.fetchOne(database, sql: "PRAGMA application_id")
            )
        }
        #expect(mode == "wal" && application == 0x466C_6F77)
        let context = SQLiteJournalTests.context("r1")
        #expect(
            await SQLiteJournalTests.append(journal, context, SQLiteJournalTests.events(context), sequence: 1) == nil)
        // Another connection sees what was told to be written.
        let count = try await other.read { try Int.fetchOne($0, sql: "SELECT last_position FROM run") }
        #expect(count == 10)
        try other.close()
        await journal.close()
    }

    @Test("the log begins anew under a steady load, small transactions and large ones")
    func logLength() async throws {
        for size in [64 << 10, 1 << 20] {
            let directory = temporaryDirectory()
            let journal = try await SQLiteJournal.open(directory: directory)
            let total = 96 << 20
            for index in 0..<total / size {
                let context = SQLiteJournalTests.context("r\(index)")
                let text = JSONValue.string(String(repeating: "x", count: size))
                let event = RunEvent(
                    position: 2, time: SQLiteJournalTests.time, kind: .workflowCompleted(output: text))
                let events = [SQLiteJournalTests.events(context)[0], event]
                #expect(await SQLiteJournalTests.append(journal, context, events, sequence: Int64(index + 1)) == nil)
            }
            // Had it never begun anew, it would hold everything.
            let log = try Self.size(directory + "/flowcore.db-wal")
            #expect(log < total / 2, "\(log) bytes after transactions of \(size)")
            let other = try Self.connect(directory)
            #expect(try await other.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
            #expect(try await other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM journal") } == total / size)
            try other.close()
            await journal.close()
        }
    }

    private static func size(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.size] as? NSNumber).intValue
    }

    @Test("reads are answered while a write waits, and the write is done when it may")
    func blockedWriter() async throws {
        let directory = temporaryDirectory()
        // Longer than the reads can take, however busy the machine is: the write has to wait for them all.
        let journal = try await SQLiteJournal.open(directory: directory, busyTimeout: .seconds(600))
        let context = SQLiteJournalTests.context("r1")
        let events = SQLiteJournalTests.events(context)
        #expect(await SQLiteJournalTests.append(journal, context, Array(events[0..<4]), sequence: 1) == nil)
        let other = try Self.connect(directory)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let flag = Flag()
        try await withThrowingTaskGroup { group in
            group.addTask {
                let error = await SQLiteJournalTests.append(journal, context, Array(events[4...]), sequence: 1)
                flag.raise()
                #expect(error == nil)
            }
            for _ in 0..<20 {
                #expect(try await journal.events(of: context.id, after: 0, limit: 100) == Array(events[0..<4]))
                #expect(try await journal.entries(matching: RunQuery()).map(\.status) == [.running])
                #expect(try await journal.unfinished().count == 1)
                #expect(try await journal.status(of: context.id) == .running)
                #expect(try await journal.lastSequence() == 1)
                #expect(try await journal.idempotencyRecord("k") == nil)
                #expect(try await journal.registrations().isEmpty)
            }
            #expect(!flag.isRaised)
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            try await group.waitForAll()
        }
        #expect(try await journal.events(of: context.id, after: 0, limit: 100) == events)
        try other.close()
        await journal.close()
    }
}

/// Tells whether something has happened.
final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() { state.withLock { $0 = true } }
}
