import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import FlowTesting
import TestSupport
import Testing

/// Runs whose journal ends in their middle.
@Suite("runs that are taken up again", .timeLimit(.minutes(1)))
struct RecoveryTests {
    /// The run once it has ended, also when nobody executes it in between.
    static func end(of id: WorkflowID, _ fixture: Fixture) async throws -> WorkflowContext {
        while true {
            let context = try await fixture.service.load(id).context
            if context.status.isFinished { return context }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// All events of a run.
    static func events(of id: WorkflowID, _ fixture: Fixture) async throws -> [RunEvent] {
        var cursor = try await fixture.service.events(of: id, after: 0)
        var events: [RunEvent] = []
        while let page = try await cursor.next() { events += page }
        return events
    }

    @Test(
        "a run whose journal fails in its middle is left as it is on disk, and taken up every five seconds until it ends"
    )
    func rescue() async throws {
        let gate = Gate()
        try await Fixture.with { request in
            _ = await gate.pass()
            return .success(output: .string(String(repeating: request.node.id.rawValue, count: 100_000)))
        } _: { fixture in
            let id = try await fixture.submit([Node(id: "a", type: "t"), Node(id: "b", type: "t")])
            await gate.arrivals(1)
            try await fixture.journal.bound(pages: 1)
            gate.open()
            for _ in 0..<2 {
                // The one who sleeps is the service, until it tries again.
                await fixture.clock.sleepers(1)
                #expect(fixture.service.store.activeRuns == 0)
                let left = try await fixture.service.load(id).context
                #expect(left.status == .running && left["a"]?.status == .running && left["b"]?.status == .pending)
                let executed = fixture.backend.executed.count
                fixture.clock.advance(by: .seconds(4))
                #expect(fixture.backend.executed.count == executed && fixture.service.store.activeRuns == 0)
                fixture.clock.advance(by: .seconds(1))
            }
            await fixture.clock.sleepers(1)
            try await fixture.journal.bound(pages: nil)
            fixture.clock.advance(by: .seconds(5))
            let context = try await Self.end(of: id, fixture)
            #expect(context.status == .completed && context.output?.string?.count == 100_000)
            #expect(context["a"]?.earlierAttempts.first?.error?.code == .lost)
            let events = try await Self.events(of: id, fixture)
            #expect(events.map(\.position) == Array(1...events.count))
        }
    }

    @Test("a run whose first event cannot be written is refused, leaves nothing behind, and is not taken up later")
    func notAccepted() async throws {
        try await Fixture.with { _ in
            .success(output: 1)
        } _: { fixture in
            try await fixture.journal.bound(pages: 1)
            let input = JSONValue.string(String(repeating: "x", count: 100_000))
            do {
                _ = try await fixture.submit([Node(id: "a", type: "t")]) { request in
                    request.input = input
                    request.workflowID = WorkflowID("mine")
                    request.idempotency = .init(key: "k", fingerprint: "f")
                }
                Issue.record("it was accepted")
            } catch ServiceError.unavailable(let reason) {
                #expect(reason.contains("full"))
            }
            #expect(try await fixture.journal.unfinished().isEmpty)
            try await fixture.journal.bound(pages: nil)
            // Its id and its key are free.
            let id = try await fixture.submit([Node(id: "a", type: "t")]) { request in
                request.input = input
                request.workflowID = WorkflowID("mine")
                request.idempotency = .init(key: "k", fingerprint: "f")
            }
            #expect(try await fixture.end(of: id).status == .completed)
        }
    }

    @Test(
        "the time of an event is never before that of the one ahead of it, also when the clock was set back in between")
    func times() async throws {
        let directory = temporaryDirectory()
        let gate = Gate()
        let clock = ManualClock()
        let early = clock.now
        let first = try await Fixture.open(directory: directory, clock: clock) { request in
            if request.node.id == "b" {
                guard await gate.pass() else { throw BackendError(.cancelled, backend: .native, "cancelled") }
            }
            clock.advance(by: .seconds(100))
            return .success(output: 1)
        }
        let id = try await first.submit([Node(id: "a", type: "t"), Node(id: "b", type: "t"), Node(id: "c", type: "t")])
        await gate.arrivals(1)
        await first.stop()
        try await Fixture.with(directory: directory, clock: ManualClock(now: early.advanced(by: .seconds(-50)))) { _ in
            .success(output: 1)
        } _: { second in
            let context = try await second.end(of: id)
            let times = try await Self.events(of: id, second).map(\.time)
            #expect(times == times.sorted() && times.contains(early.advanced(by: .seconds(100))), "\(times)")
            #expect(context.completedAt == times.last)
        }
    }

    @Test("a run that was to be cancelled when the server stopped ends with the reason that was given")
    func cancelReason() async throws {
        let directory = temporaryDirectory()
        let gate = Gate()
        var limits = EngineLimits()
        // The node does not end, and the run waits for it until the stop.
        limits.cancelGrace = .seconds(1_000_000_000)
        let first = try await Fixture.open(directory: directory, limits: limits) { _ in
            _ = await Task { await gate.pass() }.value
            return .success(output: .null)
        }
        let id = try await first.submit([Node(id: "a", type: "t")])
        await gate.arrivals(1)
        _ = try await first.service.cancel(id, reason: "no longer needed")
        await first.stop()
        gate.open()
        try await Fixture.with(directory: directory) { _ in
            .success(output: 1)
        } _: { second in
            let context = try await second.end(of: id)
            #expect(context.status == .cancelled && context.error?.message == "no longer needed")
            #expect(second.backend.executed.isEmpty)
            let last = try #require(try await Self.events(of: id, second).last)
            #expect(last.kind == .workflowCancelled(reason: "no longer needed"))
        }
    }
}
