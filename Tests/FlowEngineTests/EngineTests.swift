import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON
import FlowStore
import FlowTesting
import Logging
import TestSupport
import Testing

/// A service over a real journal, a scripted backend and a clock that a test moves.
struct Fixture {
    let service: WorkflowService
    let clock: ManualClock
    let backend: ScriptedBackend
    let journal: SQLiteJournal

    static func open(
        directory: String, clock: ManualClock = ManualClock(), limits: EngineLimits = EngineLimits(),
        script: @escaping ScriptedBackend.Script
    ) async throws -> Fixture {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let backend = ScriptedBackend(script: script)
        let journal = try await SQLiteJournal.open(directory: directory)
        let registry = await BackendRegistry(
            builtIn: [backend], factories: [LoggingBackendFactory(makeLogger: { _ in logger })], journal: journal,
            logger: logger)
        let ids = WorkflowIDGenerator()
        let service = WorkflowService(
            registry: registry, journal: journal, limits: limits, clock: clock, logger: logger,
            makeID: { ids.next(at: $0) })
        _ = try await service.start()
        return Fixture(service: service, clock: clock, backend: backend, journal: journal)
    }

    static func with<Result>(
        directory: String = temporaryDirectory(), clock: ManualClock = ManualClock(),
        limits: EngineLimits = EngineLimits(), script: @escaping ScriptedBackend.Script,
        _ body: (Fixture) async throws -> Result
    ) async throws -> Result {
        let fixture = try await open(directory: directory, clock: clock, limits: limits, script: script)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        await fixture.stop()
        return try result.get()
    }

    /// Stops at once: the clock moves past the grace as soon as somebody waits for it.
    func stop() async {
        let mover = Task { [clock] in
            while !Task.isCancelled {
                clock.advance(by: .seconds(60))
                await Task.yield()
            }
        }
        await service.stop(grace: .milliseconds(1))
        mover.cancel()
    }

    func submit(_ nodes: [Node], _ change: (inout SubmitRequest) -> Void = { _ in }) async throws -> WorkflowID {
        var request = SubmitRequest(workflow: Workflow(name: "test", nodes: nodes))
        change(&request)
        return try await service.submit(request).snapshot.context.id
    }

    /// The run once it has ended.
    func end(of id: WorkflowID) async throws -> WorkflowContext {
        var events = try await service.events(of: id, after: 0)
        while try await events.next() != nil {}
        return try await service.load(id).context
    }
}

@Suite("the engine", .timeLimit(.minutes(1)))
struct EngineTests {
    @Test("a fan-out really runs at the same time, and its join gets every output")
    func fanOut() async throws {
        let gate = Gate()
        try await Fixture.with { request in
            if request.node.id.rawValue.hasPrefix("n") { _ = await gate.pass() }
            return .success(output: .string(request.node.id.rawValue))
        } _: { fixture in
            let middle = (0..<5).map { Node(id: NodeID("n\($0)"), type: "t", dependsOn: ["root"]) }
            let id = try await fixture.submit(
                [Node(id: "root", type: "t")] + middle + [Node(id: "join", type: "t", dependsOn: middle.map(\.id))])
            await gate.arrivals(5)
            #expect(try await fixture.service.load(id).context.nodes.filter { $0.status == .running }.count == 5)
            gate.open()
            let context = try await fixture.end(of: id)
            #expect(context.status == .completed && context["join"]?.inputData?.object?.count == 5)
        }
    }

    @Test("a node that takes too long fails with a timeout, and so does a run")
    func timeouts() async throws {
        for isRun in [false, true] {
            try await Fixture.with { request in
                do {
                    try await request.clock.sleep(until: request.clock.now.advanced(by: .seconds(3600)), tolerance: nil)
                } catch {
                    throw BackendError(.cancelled, backend: .native, "cancelled")
                }
                return .success(output: .null)
            } _: { fixture in
                var workflow = Workflow(
                    name: "slow", nodes: [Node(id: "a", type: "t", timeout: isRun ? nil : .seconds(5))])
                if isRun { workflow.timeout = .seconds(5) }
                let id = try await fixture.service.submit(SubmitRequest(workflow: workflow)).snapshot.context.id
                // The node sleeps, and so do the deadlines.
                await fixture.clock.sleepers(2)
                fixture.clock.advance(by: .seconds(5))
                let context = try await fixture.end(of: id)
                #expect(context.status == .failed && context.error?.code == .timeout)
                #expect(context["a"]?.status == (isRun ? .cancelled : .failed))
            }
        }
    }

    @Test("a node that ignores its cancellation does not keep the run from ending")
    func stubborn() async throws {
        let gate = Gate()
        try await Fixture.with { _ in
            // Waits in a task of its own, which no cancellation reaches.
            _ = await Task { await gate.pass() }.value
            return .success(output: .null)
        } _: { fixture in
            let id = try await fixture.submit([Node(id: "a", type: "t")])
            await gate.arrivals(1)
            _ = try await fixture.service.cancel(id, reason: "enough")
            await fixture.clock.sleepers(1)
            fixture.clock.advance(by: .seconds(5))
            let context = try await fixture.end(of: id)
            #expect(context.status == .cancelled && context.error?.message == "enough")
            #expect(context["a"]?.status == .cancelled)
            gate.open()
        }
    }

    @Test("a failure cancels what runs beside it")
    func siblings() async throws {
        let gate = Gate()
        try await Fixture.with { request in
            if request.node.id == "bad" { return .failure(NodeFailure("no_stock", "nothing left")) }
            guard await gate.pass() else { throw BackendError(.cancelled, backend: .native, "cancelled") }
            return .success(output: .null)
        } _: { fixture in
            let id = try await fixture.submit([
                Node(id: "bad", type: "t", dependsOn: []), Node(id: "long", type: "t", dependsOn: []),
                Node(id: "next", type: "t", dependsOn: ["bad"]),
            ])
            let context = try await fixture.end(of: id)
            #expect(context.status == .failed && context.error?.code == "no_stock")
            #expect(context["long"]?.status == .cancelled && context["next"]?.status == .skipped)
        }
    }

    @Test("runs that a stop left unfinished go on after the next start, each lost node as its next attempt")
    func recovery() async throws {
        let directory = temporaryDirectory()
        let gate = Gate()
        let first = try await Fixture.open(directory: directory) { request in
            if request.node.id == "b" {
                guard await gate.pass() else { throw BackendError(.cancelled, backend: .native, "cancelled") }
            }
            return .success(output: .string("first \(request.node.id)"))
        }
        let id = try await first.submit([Node(id: "a", type: "t"), Node(id: "b", type: "t"), Node(id: "c", type: "t")])
        await gate.arrivals(1)
        await first.stop()
        try await Fixture.with(directory: directory) { request in
            .success(output: .string("second \(request.node.id)"))
        } _: { second in
            let context = try await second.end(of: id)
            #expect(context.status == .completed && context["a"]?.outputData == "first a")
            #expect(context["b"]?.attempt?.number == 2 && context["b"]?.outputData == "second b")
            #expect(context["b"]?.inputData == "first a" && context["b"]?.earlierAttempts.first?.error?.code == .lost)
            #expect(second.backend.executed.count == 2)
        }
    }

    @Test("events come in order, without gap or repeat, to whoever begins where")
    func events() async throws {
        try await Fixture.with { _ in
            .success(output: 1)
        } _: { fixture in
            let id = try await fixture.submit((0..<50).map { Node(id: NodeID("n\($0)"), type: "t") })
            _ = try await fixture.end(of: id)
            for start in [0, 1, 57, 103] {
                var cursor = try await fixture.service.events(of: id, after: start)
                var positions: [Int] = []
                while let page = try await cursor.next() { positions += page.map(\.position) }
                #expect(positions == Array(start + 1..<104))
            }
        }
    }

    @Test("a key stands for one run, also after a restart, and refuses another request")
    func idempotency() async throws {
        let directory = temporaryDirectory()
        let key = SubmitRequest.Idempotency(key: "k", fingerprint: "f")
        func submit(_ service: WorkflowService, _ key: SubmitRequest.Idempotency) async throws -> SubmittedRun {
            var request = SubmitRequest(workflow: Workflow(name: "x", nodes: [Node(id: "a", type: "t")]))
            request.idempotency = key
            return try await service.submit(request)
        }
        var ids: Set<String> = []
        for round in 0..<2 {
            try await Fixture.with(directory: directory) { _ in
                .success(output: 1)
            } _: { fixture in
                for index in 0..<3 {
                    let run = try await submit(fixture.service, key)
                    ids.insert(run.snapshot.context.id.rawValue)
                    #expect(run.isReplay == (round + index > 0))
                }
                await #expect(throws: ServiceError.idempotencyMismatch) {
                    try await submit(fixture.service, SubmitRequest.Idempotency(key: "k", fingerprint: "g"))
                }
            }
        }
        #expect(ids.count == 1)
    }

    @Test("more active runs than the limit are refused, and an id is taken once")
    func admission() async throws {
        let gate = Gate()
        var limits = EngineLimits()
        limits.activeRuns = 2
        try await Fixture.with(limits: limits) { _ in
            _ = await gate.pass()
            return .success(output: 1)
        } _: { fixture in
            let first = try await fixture.submit([Node(id: "a", type: "t")]) { $0.workflowID = WorkflowID("mine") }
            await #expect(throws: ServiceError.self) {
                try await fixture.submit([Node(id: "a", type: "t")]) { $0.workflowID = WorkflowID("mine") }
            }
            _ = try await fixture.submit([Node(id: "a", type: "t")])
            do {
                _ = try await fixture.submit([Node(id: "a", type: "t")])
                Issue.record("a third run was accepted")
            } catch ServiceError.overloaded {}
            gate.open()
            #expect(try await fixture.end(of: first).status == .completed)
            await #expect(throws: ServiceError.self) {
                try await fixture.submit([Node(id: "a", type: "t")]) { $0.workflowID = WorkflowID("mine") }
            }
        }
    }

    @Test("a run in memory alone behaves as any other and leaves no trace on the disk")
    func volatile() async throws {
        let directory = temporaryDirectory()
        try await Fixture.with(directory: directory) { _ in
            .success(output: 7)
        } _: { fixture in
            let id = try await fixture.submit([Node(id: "a", type: "t")]) { $0.durability = Durability.none }
            #expect(try await fixture.end(of: id).output == 7)
            #expect(try await fixture.service.list(RunQuery()).runs.map(\.context.id) == [id])
            try await fixture.service.delete(id)
            await #expect(throws: ServiceError.self) { try await fixture.service.load(id) }
        }
        let journal = try await SQLiteJournal.open(directory: directory)
        #expect(try await journal.lastSequence() == 0)
        await journal.close()
    }
}
