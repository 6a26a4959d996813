import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import Foundation
import TestSupport
import Testing

@Suite("the journal on SQLite", .timeLimit(.minutes(1)))
struct SQLiteJournalTests {
    static let time = Timestamp(milliseconds: 1_700_000_000_000)

    static func context(_ id: String, labels: [String: String] = [:], name: String = "test") -> WorkflowContext {
        let workflow = Workflow(name: name, nodes: [Node(id: "a", type: "t"), Node(id: "b", type: "t")])
        return WorkflowContext(
            id: WorkflowID(id), graph: WorkflowGraph(workflow),
            submission: Submission(workflow: workflow, input: ["n": 1], labels: labels), submittedAt: time)
    }

    static func events(_ context: WorkflowContext) -> [RunEvent] {
        let kinds: [RunEvent.Kind] = [
            .workflowSubmitted(context.submission), .workflowStarted,
            .nodeStarted("a", attempt: 1, backend: .native, input: nil),
            .nodeFailed(
                "a", attempt: 1, error: NodeFailure("x", "m", retriable: true, details: [1]),
                then: .retry(at: Timestamp(milliseconds: 5))),
            .nodeStarted("a", attempt: 2, backend: .native, input: .null),
            .nodeCompleted("a", attempt: 2, output: ["é": [.null, 1.5]], notes: nil),
            .nodeStarted("b", attempt: 1, backend: "other", input: ["x": 1]), .cancelRequested(reason: "r"),
            .nodeCancelled("b", attempt: 1), .workflowCancelled(reason: nil),
        ]
        return kinds.enumerated().map { RunEvent(position: $0.offset + 1, time: time, kind: $0.element) }
    }

    /// The events of a run as a batch.
    static func batch(
        _ context: WorkflowContext, _ events: [RunEvent], sequence: Int64, key: IdempotencyRecord? = nil
    ) -> JournalBatch {
        var state = context
        for event in events where event.position > 1 { state.apply(event) }
        return JournalBatch(
            entry: RunEntry(state, sequence: sequence), firstPosition: events.first?.position ?? 1,
            lastPosition: events.last?.position ?? 1, events: RunEventCodec.encode(events), idempotency: key)
    }

    static func append(
        _ journal: SQLiteJournal, _ context: WorkflowContext, _ events: [RunEvent], sequence: Int64,
        key: IdempotencyRecord? = nil
    ) async -> JournalError? {
        let batch = batch(context, events, sequence: sequence, key: key)
        return await withCheckedContinuation { continuation in
            journal.append(batch) { continuation.resume(returning: $0) }
        }
    }

    @Test("a commit waits for the disk")
    func synchronous() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        #expect(try await journal.synchronousLevel() == 2)
        await journal.close()
    }

    @Test("events come back as they went in, from any position, after the journal was opened anew")
    func roundTrip() async throws {
        let directory = temporaryDirectory()
        let context = Self.context("r1")
        let events = Self.events(context)
        var journal = try await SQLiteJournal.open(directory: directory)
        #expect(await Self.append(journal, context, Array(events[0..<4]), sequence: 1) == nil)
        #expect(await Self.append(journal, context, Array(events[4...]), sequence: 1) == nil)
        await journal.close()
        journal = try await SQLiteJournal.open(directory: directory)
        for position in 0...events.count {
            let read = try await journal.events(of: context.id, after: position, limit: 100)
            #expect(read == Array(events.dropFirst(position)))
        }
        #expect(try await journal.lastSequence() == 1)
        await journal.close()
    }

    @Test("a run keeps the definition and the trace that it came with, either of them or both, and is found by the one")
    func origin() async throws {
        let directory = temporaryDirectory()
        var journal = try await SQLiteJournal.open(directory: directory)
        let id = DefinitionID("hello", version: 2)
        let origins: [(String?, DefinitionID?)] = [
            (nil, nil), ("00-x", nil), (nil, id), ("00-x", id), (nil, DefinitionID("hello", version: 3)),
            (nil, DefinitionID("hello2", version: 2)),
        ]
        for (index, origin) in origins.enumerated() {
            let plain = Self.context("x").submission
            let submission = Submission(
                workflow: plain.workflow, input: plain.input, labels: plain.labels, traceparent: origin.0,
                definition: origin.1)
            let context = WorkflowContext(
                id: WorkflowID("r\(index)"), graph: WorkflowGraph(submission.workflow), submission: submission,
                submittedAt: Self.time)
            #expect(
                await Self.append(journal, context, [Self.events(context)[0]], sequence: Int64(index + 1)) == nil)
        }
        await journal.close()
        journal = try await SQLiteJournal.open(directory: directory)
        for (index, origin) in origins.enumerated() {
            let first = try await journal.events(of: WorkflowID("r\(index)"), after: 0, limit: 1).first
            guard case .workflowSubmitted(let submission) = first?.kind else {
                Issue.record("no submission")
                continue
            }
            #expect(submission.traceparent == origin.0 && submission.definition == origin.1)
        }
        func found(_ reference: DefinitionReference) async throws -> [String] {
            var query = RunQuery()
            query.definition = reference
            let entries = try await journal.entries(matching: query)
            #expect(entries.allSatisfy { query.matches($0) })
            return entries.map(\.id.rawValue)
        }
        #expect(try await found(DefinitionReference("hello")) == ["r4", "r3", "r2"])
        #expect(try await found(DefinitionReference(id)) == ["r3", "r2"])
        #expect(try await found(DefinitionReference("hell")).isEmpty)
        #expect(try await journal.unfinished().map(\.definition) == origins.map(\.1))
        await journal.close()
    }

    @Test("an id, a key and a position are taken once")
    func conflicts() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        let context = Self.context("r1")
        let events = Self.events(context)
        let key = IdempotencyRecord(key: "k", fingerprint: "f", workflowID: context.id, createdAt: Self.time)
        #expect(await Self.append(journal, context, [events[0]], sequence: 1, key: key) == nil)
        #expect(await Self.append(journal, context, [events[0]], sequence: 2)?.code == .conflict)
        let other = Self.context("r2")
        let again = IdempotencyRecord(key: "k", fingerprint: "g", workflowID: other.id, createdAt: Self.time)
        #expect(await Self.append(journal, other, [events[0]], sequence: 3, key: again)?.code == .conflict)
        #expect(try await journal.status(of: other.id) == nil)
        // A batch that leaves a gap is refused.
        #expect(await Self.append(journal, context, Array(events[2...3]), sequence: 1) != nil)
        #expect(try await journal.events(of: context.id, after: 0, limit: 10).count == 1)
        #expect(try await journal.idempotencyRecord("k") == key)
        await journal.close()
    }

    @Test("many writers at once lose nothing and leave no gap")
    func groups() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        await withTaskGroup { group in
            for index in 0..<200 {
                group.addTask {
                    let context = Self.context("r\(index)")
                    for event in Self.events(context) {
                        let error = await Self.append(journal, context, [event], sequence: Int64(index + 1))
                        #expect(error == nil)
                    }
                }
            }
        }
        for index in 0..<200 {
            let read = try await journal.events(of: WorkflowID("r\(index)"), after: 0, limit: 100)
            #expect(read.map(\.position) == Array(1...10))
        }
        await journal.close()
    }

    @Test("runs are found by status, name, label and time, newest first and page by page")
    func queries() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        for index in 1...9 {
            let context = Self.context(
                "r\(index)", labels: ["team": index % 2 == 0 ? "x" : "y"], name: index < 4 ? "old" : "new")
            let events = Self.events(context)
            #expect(
                await Self.append(journal, context, index % 3 == 0 ? events : [events[0]], sequence: Int64(index))
                    == nil)
        }
        func ids(_ change: (inout RunQuery) -> Void) async throws -> [String] {
            var query = RunQuery()
            change(&query)
            return try await journal.entries(matching: query).map(\.id.rawValue)
        }
        #expect(try await ids { $0.statuses = [.cancelled] } == ["r9", "r6", "r3"])
        #expect(try await ids { $0.name = "old" } == ["r3", "r2", "r1"])
        #expect(try await ids { $0.labels = ["team": "x"] } == ["r8", "r6", "r4", "r2"])
        #expect(try await ids { $0.labels = ["team": "x' OR 1=1"] }.isEmpty)
        #expect(try await ids { $0.submittedBefore = Self.time }.isEmpty)
        #expect(try await ids { $0.limit = 2 } == ["r9", "r8"])
        #expect(
            try await ids {
                $0.limit = 2; $0.before = 8
            } == ["r7", "r6"])
        #expect(try await journal.unfinished().map(\.id.rawValue) == ["r1", "r2", "r4", "r5", "r7", "r8"])
        #expect(try await journal.prune(RetentionPolicy(maximumCount: 1), now: Self.time, batch: 100).count == 2)
        #expect(try await ids { $0.statuses = [.cancelled] } == ["r9"])
        let later = Self.time.advanced(by: .seconds(11))
        #expect(try await journal.prune(RetentionPolicy(maximumAge: .seconds(10)), now: later, batch: 100).count == 1)
        #expect(try await journal.delete(WorkflowID("r9")) == false)
        #expect(try await journal.delete(WorkflowID("r1")))
        await #expect(throws: JournalError.self) { try await journal.events(of: WorkflowID("r1"), after: 0, limit: 1) }
        await journal.close()
    }

    @Test("registrations keep their order and are replaced by name")
    func registrations() async throws {
        let journal = try await SQLiteJournal.open(directory: temporaryDirectory())
        for name in ["b", "a"] { try await journal.save(BackendRegistration(name: BackendName(name), type: "logging")) }
        try await journal.save(BackendRegistration(name: "b", type: "logging", config: ["log_level": "debug"]))
        let all = try await journal.registrations()
        #expect(all.map(\.name) == ["b", "a"] && all[0].config["log_level"] == "debug")
        try await journal.removeRegistration("b")
        #expect(try await journal.registrations().map(\.name) == ["a"])
        await journal.close()
    }

    @Test("a second server is kept from the same directory, and a newer database from an older server")
    func exclusion() async throws {
        let directory = temporaryDirectory()
        let journal = try await SQLiteJournal.open(directory: directory)
        await #expect(throws: JournalError.self) { try await SQLiteJournal.open(directory: directory) }
        await journal.close()
        await #expect(throws: JournalError.self) { try await SQLiteJournal.open(directory: "/proc/nowhere") }
        let garbage = temporaryDirectory()
        try FileManager.default.createDirectory(atPath: garbage, withIntermediateDirectories: true)
        try Data(repeating: 65, count: 5000).write(to: URL(filePath: garbage + "/flowcore.db"))
        await #expect(throws: JournalError.self) { try await SQLiteJournal.open(directory: garbage) }
    }
}
