import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import GRDB
import Synchronization
import TestSupport
import Testing

/// What is written together, and what of it fails together.
@Suite("groups of batches", .timeLimit(.minutes(1)))
struct GroupCommitTests {
    /// Gathers how batches ended.
    final class Outcomes: Sendable {
        private struct State: Sendable {
            var errors: [String: JournalError] = [:]
            var left: Int
            var waiter: CheckedContinuation<Void, Never>?
        }

        private let state: Mutex<State>

        init(of count: Int) { state = Mutex(State(left: count)) }

        func add(_ name: String, _ error: JournalError?) {
            let waiter = state.withLock { state in
                state.left -= 1
                if let error { state.errors[name] = error }
                return state.left == 0 ? state.waiter.take() : nil
            }
            waiter?.resume()
        }

        /// The errors once all have ended.
        func errors() async -> [String: JournalError] {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.left > 0 { state.waiter = continuation }
                    return state.left == 0
                }
                if isDone { continuation.resume() }
            }
            return state.withLock { $0.errors }
        }
    }

    @Test("a batch that breaks a rule of the database fails alone, and those that are written with it are on disk")
    func isolation() async throws {
        let directory = temporaryDirectory()
        let journal = try await SQLiteJournal.open(directory: directory)
        let other = try DatabaseFileTests.connect(directory)
        // A row where the events of the third run have to go.
        try await other.write { try $0.execute(sql: "INSERT INTO journal VALUES (3, 1, 1, x'5B5D')") }
        let names = ["first", "second", "broken", "fourth", "fifth"]
        let outcomes = Outcomes(of: 2 * names.count - 1)
        // While somebody else writes, all of them wait: the broken one is written with others.
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        for (index, name) in names.enumerated() {
            let context = SQLiteJournalTests.context(name)
            let events = SQLiteJournalTests.events(context)
            let sequence = Int64(index + 1)
            let key = IdempotencyRecord(
                key: name, fingerprint: "f", workflowID: context.id, createdAt: SQLiteJournalTests.time)
            let first = SQLiteJournalTests.batch(context, [events[0]], sequence: sequence, key: key)
            journal.append(first) { outcomes.add(name, $0) }
            if name == "broken" { continue }
            let rest = SQLiteJournalTests.batch(context, Array(events[1...]), sequence: sequence)
            journal.append(rest) { outcomes.add(name, $0) }
        }
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        let errors = await outcomes.errors()
        #expect(Array(errors.keys) == ["broken"] && errors["broken"]?.code == .unavailable, "\(errors)")
        for name in names {
            let isThere = name != "broken"
            #expect(try await journal.status(of: WorkflowID(name)) == (isThere ? .cancelled : nil))
            #expect(try await (journal.idempotencyRecord(name) != nil) == isThere, "nothing of it is left")
            guard isThere else { continue }
            let read = try await journal.events(of: WorkflowID(name), after: 0, limit: 100)
            #expect(read.map(\.position) == Array(1...10))
        }
        try other.close()
        await journal.close()
    }

    @Test("a full database refuses batches with the reason, keeps what it has, and takes them once there is room")
    func full() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        let small = SQLiteJournalTests.context("small")
        let events = SQLiteJournalTests.events(small)
        #expect(await SQLiteJournalTests.append(journal, small, Array(events[0..<4]), sequence: 1) == nil)
        try await journal.bound(pages: 1)
        var large = SQLiteJournalTests.context("large")
        let text = String(repeating: "x", count: 100_000)
        let submission = Submission(workflow: large.graph.workflow, input: .string(text))
        large = WorkflowContext(
            id: large.id, graph: large.graph, submission: submission, submittedAt: SQLiteJournalTests.time)
        let first = SQLiteJournalTests.events(large)[0]
        #expect(await SQLiteJournalTests.append(journal, large, [first], sequence: 2)?.code == .full)
        #expect(try await journal.status(of: large.id) == nil)
        #expect(try await journal.events(of: small.id, after: 0, limit: 100) == Array(events[0..<4]))
        try await journal.bound(pages: nil)
        #expect(await SQLiteJournalTests.append(journal, large, [first], sequence: 2) == nil)
        #expect(await SQLiteJournalTests.append(journal, small, Array(events[4...]), sequence: 1) == nil)
        #expect(try await journal.events(of: large.id, after: 0, limit: 100) == [first])
        await journal.close()
    }
}
