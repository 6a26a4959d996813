import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import GRDB
import TestSupport
import Testing

@Suite("deliveries on SQLite", .timeLimit(.minutes(1)))
struct DeliveryStoreTests {
    static let time = SQLiteJournalTests.time

    static func context(
        _ id: String, _ hook: CompletionHook? = nil, trace: String? = nil, definition: DefinitionID? = nil
    ) -> WorkflowContext {
        let plain = SQLiteJournalTests.context(id)
        let submission = Submission(
            workflow: plain.submission.workflow, input: plain.submission.input, labels: plain.submission.labels,
            traceparent: trace, definition: definition, onCompletion: hook)
        return WorkflowContext(
            id: plain.id, graph: plain.graph, submission: submission, submittedAt: plain.submittedAt)
    }

    /// Appends all events of a run, with a delivery to an origin.
    ///
    /// - Parameter other: The number under which the delivery is stored when it is not the run's.
    static func append(
        _ journal: SQLiteJournal, _ id: String, sequence: Int64, to origin: String? = nil, after seconds: Int = 0,
        delivery other: Int64? = nil
    ) async -> JournalError? {
        let context = context(id, origin.map { CompletionHook(url: $0) })
        var batch = SQLiteJournalTests.batch(context, SQLiteJournalTests.events(context), sequence: sequence)
        batch.delivery = origin.map {
            Delivery(
                sequence: other ?? sequence, workflowID: context.id, origin: $0,
                createdAt: time.advanced(by: .seconds(seconds)))
        }
        return await withCheckedContinuation { [batch] continuation in
            journal.append(batch) { continuation.resume(returning: $0) }
        }
    }

    @Test("a submission keeps its hook, whatever else it has or lacks")
    func hooks() async throws {
        let hooks = [
            CompletionHook(url: "https://example.org/x?y"), CompletionHook(url: "https://example.org", secret: "s"),
            CompletionHook(url: "https://example.org", secret: "s", headers: ["A": "1", "é": "\"\n"]),
        ]
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        var expected: [[RunEvent]] = []
        for hook in hooks {
            for trace in [nil, "00-x"] {
                for definition in [nil, DefinitionID("hello", version: 2)] {
                    let context = Self.context("r\(expected.count)", hook, trace: trace, definition: definition)
                    let events = SQLiteJournalTests.events(context)
                    let sequence = Int64(expected.count + 1)
                    #expect(await SQLiteJournalTests.append(journal, context, events, sequence: sequence) == nil)
                    expected.append(events)
                }
            }
        }
        await journal.close()
        journal = try await SQLiteJournal.open(directory: directory)
        for (index, events) in expected.enumerated() {
            #expect(try await journal.events(of: WorkflowID("r\(index)"), after: 0, limit: 100) == events)
        }
        await journal.close()
    }

    @Test("those that are due come in order, without the receivers that are left out, and the next one is told")
    func due() async throws {
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        let waiting = [("http://b", 3), ("http://a", 1), ("http://a", 2), ("http://c", 9)]
        for (index, (origin, seconds)) in waiting.enumerated() {
            #expect(
                await Self.append(journal, "r\(index)", sequence: Int64(index + 1), to: origin, after: seconds) == nil)
        }
        #expect(await Self.append(journal, "plain", sequence: 5) == nil)
        #expect(try await journal.delivery(of: WorkflowID("plain")) == nil)
        func due(
            _ journal: SQLiteJournal, _ seconds: Int, except origins: Set<String> = [], limit: Int = 10
        ) async throws -> ([String], Timestamp?) {
            let found = try await journal.dueDeliveries(
                at: Self.time.advanced(by: .seconds(seconds)), except: origins, limit: limit)
            return (found.deliveries.map(\.workflowID.rawValue), found.next)
        }
        let ninth = Self.time.advanced(by: .seconds(9))
        #expect(try await due(journal, 0) == ([], Self.time.advanced(by: .seconds(1))))
        #expect(try await due(journal, 3) == (["r1", "r2", "r0"], ninth))
        #expect(try await due(journal, 3, limit: 2) == (["r1", "r2"], ninth))
        #expect(try await due(journal, 3, except: ["http://a", "http://\"'"]) == (["r0"], ninth))
        #expect(try await due(journal, 9) == (["r1", "r2", "r0", "r3"], nil))
        // What came of attempts stays over a restart.
        var taken = try #require(try await journal.delivery(of: WorkflowID("r1")))
        taken.conclude(.taken, at: Self.time, maximumAge: .seconds(60), random: 0.5)
        var failed = try #require(try await journal.delivery(of: WorkflowID("r2")))
        failed.conclude(.failed("no", retryAfter: .seconds(7)), at: Self.time, maximumAge: .seconds(60), random: 0.5)
        var ghost = taken
        (ghost.sequence, ghost.workflowID) = (77, WorkflowID("ghost"))
        try await journal.record([taken, failed, ghost])
        await journal.close()
        journal = try await SQLiteJournal.open(directory: directory)
        #expect(try await journal.delivery(of: WorkflowID("r1")) == taken)
        #expect(try await journal.delivery(of: WorkflowID("r2")) == failed)
        #expect(try await journal.delivery(of: WorkflowID("ghost")) == nil)
        #expect(try await due(journal, 9) == (["r0", "r2", "r3"], nil))
        await journal.close()
    }

    @Test("a run whose end is still to be told is not pruned; one that is removed takes its delivery with it")
    func removal() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        for number in 1...4 {
            let origin = number <= 2 ? "http://a" : nil
            #expect(await Self.append(journal, "r\(number)", sequence: Int64(number), to: origin) == nil)
        }
        let later = Self.time.advanced(by: .seconds(3600))
        let byCount = RetentionPolicy(maximumCount: 1)
        #expect(try await journal.prune(byCount, now: later, batch: 500) == [WorkflowID("r3")])
        var delivery = try #require(try await journal.delivery(of: WorkflowID("r1")))
        delivery.conclude(.taken, at: later, maximumAge: .seconds(60), random: 0.5)
        try await journal.record([delivery])
        let byAge = RetentionPolicy(maximumAge: .seconds(60))
        #expect(try await journal.prune(byAge, now: later, batch: 500) == [WorkflowID("r1"), WorkflowID("r4")])
        #expect(try await journal.delivery(of: WorkflowID("r1")) == nil)
        #expect(try await journal.delete(WorkflowID("r2")))
        #expect(try await journal.dueDeliveries(at: later, except: [], limit: 10) == DueDeliveries())
        await journal.close()
    }

    @Test("a delivery is stored together with the end of its run, or neither of them")
    func atomicity() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        #expect(await Self.append(journal, "r", sequence: 1) == nil)
        #expect(await Self.append(journal, "r", sequence: 2, to: "http://a")?.code == .conflict)
        #expect(try await journal.delivery(of: WorkflowID("r")) == nil)
        #expect(await Self.append(journal, "s", sequence: 3, to: "http://a") == nil)
        // A delivery that cannot be stored, since its number is taken, takes the run's end back.
        #expect(await Self.append(journal, "t", sequence: 4, to: "http://a", delivery: 3) != nil)
        #expect(try await journal.status(of: WorkflowID("t")) == nil)
        #expect(try await journal.delivery(of: WorkflowID("t")) == nil)
        await journal.close()
    }

    @Test("a database from before deliveries gets room for them")
    func migration() async throws {
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        #expect(await Self.append(journal, "old", sequence: 1) == nil)
        await journal.close()
        let other = try DatabaseFileTests.connect(directory)
        try await other.write {
            try $0.execute(sql: "DROP TABLE delivery; DELETE FROM grdb_migrations WHERE identifier = '3'")
        }
        try other.close()
        journal = try await SQLiteJournal.open(directory: directory)
        #expect(await Self.append(journal, "new", sequence: 2, to: "http://a") == nil)
        #expect(try await journal.delivery(of: WorkflowID("new"))?.status == .pending)
        #expect(try await journal.status(of: WorkflowID("old")) == .cancelled)
        await journal.close()
    }
}
