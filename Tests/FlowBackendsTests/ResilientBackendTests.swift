import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

@Suite("the resilient backend", .timeLimit(.minutes(1)))
struct ResilientBackendTests {
    private static func configuration(_ config: JSONObject) throws -> ResilientConfiguration {
        try ResilientConfiguration(decoding: config)
    }

    private static func wrap(
        _ base: any Backend, _ config: JSONObject, _ clock: ManualClock
    ) throws -> ResilientBackend {
        ResilientBackend(
            name: "r", configuration: try configuration(config), clock: clock, random: { 0.5 }, base: { base })
    }

    private static func unavailable(_ code: BackendError.Code = .unavailable) -> BackendError {
        BackendError(code, backend: "native", "down")
    }

    @Test("what fails for want of the backend is tried again within the attempt, after delays that grow")
    func retries() async throws {
        let clock = ManualClock()
        let calls = Atomic(0)
        let base = ScriptedBackend { _ in
            let number = calls.add(1, ordering: .relaxed).newValue
            if number < 3 { throw Self.unavailable(number == 1 ? .unavailable : .overloaded) }
            return Composed.done
        }
        let backend = try Self.wrap(base, ["retry": ["initial_delay": "1s", "multiplier": 3, "jitter": 0]], clock)
        async let result = Composed.execute(backend, Composed.request())
        for (seconds, count) in [(1, 1), (3, 2)] {
            await clock.sleepers(1)
            #expect(calls.load(ordering: .relaxed) == count)
            clock.advance(by: .milliseconds(Int64(seconds) * 1000 - 1))
            #expect(calls.load(ordering: .relaxed) == count)
            clock.advance(by: .milliseconds(1))
        }
        #expect(await result == .success(Composed.done))
        #expect(base.executed == ["run/a/1", "run/a/1", "run/a/1"])
    }

    @Test("after the last try the backend's error is what is told", arguments: [1, 2])
    func exhausted(_ attempts: Int) async throws {
        let clock = ManualClock()
        let base = ScriptedBackend { _ in throw Self.unavailable() }
        let backend = try Self.wrap(
            base, ["retry": ["max_attempts": .integer(Int64(attempts)), "initial_delay": 0]], clock)
        #expect(await Composed.execute(backend, Composed.request()) == .failure(Self.unavailable()))
        #expect(base.executed.count == attempts)
    }

    @Test("what will not be there the next time either is not tried again, and whose tries these are is told")
    func owners() async throws {
        let clock = ManualClock()
        let base = ScriptedBackend { request in
            let isFinal = request.node.id == "final"
            throw BackendError(
                .unavailable, backend: "native", "down", failure: isFinal ? .tlsError : nil,
                isRetriable: isFinal ? false : nil, retryOwner: .service)
        }
        let backend = try Self.wrap(base, ["retry": ["max_attempts": 2, "initial_delay": 0]], clock)
        let final = await Composed.execute(backend, Composed.request("final")).error
        #expect(final?.failureCode == .tlsError && final?.isRetriable == false && base.executed.count == 1)
        // The wrapper has tried again, whoever the wrapped backend leaves that to.
        let error = await Composed.execute(backend, Composed.request()).error
        #expect(error == Self.unavailable() && base.executed.count == 3)
        #expect(await error?.owned(by: backend).retryOwner == .backend)
    }

    @Test("a node's own failure, an unknown type and a cancellation are not tried again")
    func finality() async throws {
        let clock = ManualClock()
        let failure = NodeResult.failure(NodeFailure(.unavailable, "the node's own", retriable: true))
        let own = ScriptedBackend { _ in failure }
        #expect(await Composed.execute(try Self.wrap(own, [:], clock), Composed.request()) == .success(failure))
        #expect(own.executed.count == 1)
        for code in [BackendError.Code.unsupported, .cancelled] {
            let base = ScriptedBackend { _ in throw Self.unavailable(code) }
            let error = await Composed.execute(try Self.wrap(base, [:], clock), Composed.request()).error
            #expect(error?.code == code && base.executed.count == 1)
        }
    }

    @Test("no try begins after the deadline, nor when parts of the result are out, nor when there is no retry")
    func pointless() async throws {
        let clock = ManualClock()
        let base = ScriptedBackend { request in
            if request.node.id == "streams" { request.emit("part") }
            throw Self.unavailable()
        }
        let parts = Mutex<[JSONValue]>([])
        let backend = try Self.wrap(base, ["retry": ["initial_delay": "1s", "jitter": 0]], clock)
        let late = Composed.request("late", deadline: clock.now.advanced(by: .seconds(1)))
        let streams = Composed.request("streams", emit: { part in parts.withLock { $0.append(part) } })
        #expect(await Composed.execute(backend, late).error == Self.unavailable())
        // Only another attempt of the run can begin anew.
        var begun = Self.unavailable()
        begun.retryOwner = .service
        #expect(await Composed.execute(backend, streams).error == begun)
        #expect(parts.withLock { $0 } == ["part"])
        let once = try Self.wrap(base, ["retry": .null], clock)
        #expect(await Composed.execute(once, Composed.request()).error == Self.unavailable())
        #expect(base.executed == ["run/late/1", "run/streams/1", "run/a/1"])
    }

    @Test("a wait for the next try ends with the task")
    func cancelledDelay() async throws {
        let clock = ManualClock()
        let base = ScriptedBackend { _ in throw Self.unavailable() }
        let backend = try Self.wrap(base, [:], clock)
        let task = Task { await Composed.execute(backend, Composed.request()) }
        await clock.sleepers(1)
        task.cancel()
        #expect(await task.value.error?.code == .cancelled)
        #expect(base.executed.count == 1)
    }

    @Test(
        "an open circuit refuses at once, tells until when, is no reason to try again, and makes the backend unhealthy")
    func opened() async throws {
        let clock = ManualClock()
        let base = ScriptedBackend { _ in throw Self.unavailable() }
        let backend = try Self.wrap(
            base, ["circuit_breaker": ["failure_threshold": 2, "open_for": "10s"], "retry": ["jitter": 0]], clock)
        #expect(await backend.health() == .healthy)
        async let first = Composed.execute(backend, Composed.request())
        await clock.sleepers(1)
        clock.advance(by: .milliseconds(200))
        // The second try opens the circuit, and a third is not waited for.
        #expect(await first.error == Self.unavailable())
        let until = clock.now.advanced(by: .seconds(10))
        let error = await Composed.execute(backend, Composed.request()).error
        #expect(error?.code == .unavailable && error?.backend == "r")
        #expect(error?.message.contains("open until \(until)") == true, "\(error?.message ?? "")")
        #expect(base.executed.count == 2)
        #expect(await backend.health() == .unhealthy(reason: "circuit: open until \(until)"))
        #expect(await backend.healthDetails() == ["circuit": "open", "open_until": .string("\(until)")])
        clock.advance(by: .seconds(10))
        #expect(await backend.health() == .healthy)
        #expect(await backend.healthDetails() == ["circuit": "half_open"])
    }

    @Test("of many nodes that come when the circuit is half open one probes, and the others are refused")
    func halfOpen() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let base = ScriptedBackend { request in
            if request.node.id == "fails" { throw Self.unavailable() }
            guard await gate.pass() else { throw CancellationError() }
            return Composed.done
        }
        let backend = try Self.wrap(
            base, ["retry": .null, "circuit_breaker": ["failure_threshold": 1, "open_for": "10s"]], clock)
        _ = await Composed.execute(backend, Composed.request("fails"))
        clock.advance(by: .seconds(10))
        await withTaskGroup(of: Result<NodeResult, BackendError>.self) { group in
            for number in 0..<20 { group.addTask { await Composed.execute(backend, Composed.request("n\(number)")) } }
            for _ in 0..<19 {
                let error = await group.next()?.error
                #expect(error?.code == .unavailable && error?.message.contains("half open") == true)
            }
            await gate.arrivals(1)
            gate.open()
            #expect(await group.next() == .success(Composed.done))
        }
        #expect(base.executed.count == 2)
        #expect(await backend.healthDetails() == ["circuit": "closed", "failures": 0])
    }

    @Test("so many nodes run at the same time, the next wait in order, and beyond them the backend is overloaded")
    func places() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let base = ScriptedBackend { request in
            if request.node.id == "first" { guard await gate.pass() else { throw CancellationError() } }
            return .success(output: .string(request.node.id.rawValue))
        }
        let backend = try Self.wrap(base, ["max_concurrent": 1, "max_queue": 2, "retry": .null], clock)
        func queued(_ count: Int64) async throws {
            try await until { await backend.healthDetails()["queued"] == .integer(count) }
        }
        async let first = Composed.execute(backend, Composed.request("first"))
        await gate.arrivals(1)
        async let second = Composed.execute(backend, Composed.request("second"))
        try await queued(1)
        let cancelled = Task { await Composed.execute(backend, Composed.request("cancelled")) }
        try await queued(2)
        let error = await Composed.execute(backend, Composed.request("full")).error
        #expect(error?.code == .overloaded && error?.backend == "r")
        cancelled.cancel()
        #expect(await cancelled.value.error?.code == .cancelled)
        async let third = Composed.execute(backend, Composed.request("third"))
        try await queued(2)
        #expect(await backend.healthDetails()["running"] == 1)
        gate.open()
        #expect(await [first.error, second.error, third.error] == [nil, nil, nil])
        #expect(base.executed == ["run/first/1", "run/second/1", "run/third/1"])
        let details = await backend.healthDetails()
        #expect(details["running"] == 0 && details["queued"] == 0)
    }

    @Test("it is as what it wraps, except that it tries again")
    func derived() async throws {
        let base = ScriptedBackend { _ in Composed.done }
        let backend = try Self.wrap(base, [:], ManualClock())
        #expect(await backend.capabilities == base.capabilities)
        #expect(await backend.contract.retryOwner == .backend)
        for config: JSONObject in [["retry": .null], ["retry": ["max_attempts": 1]]] {
            #expect(await (try Self.wrap(base, config, ManualClock())).contract.retryOwner == .service)
        }
    }

    @Test("a try that begins with the first of a list again tells that it does")
    func backToTheFirst() async throws {
        let clock = ManualClock()
        let calls = Atomic(0)
        // As a list of backends tells it: the first try ends with the second one.
        let list = ScriptedBackend { request in
            guard calls.add(1, ordering: .relaxed).newValue == 1 else { return Composed.done }
            request.report(BackendSwitch(from: "x", to: "y", code: .unavailable, reason: "down"))
            throw Self.unavailable()
        }
        let backend = try Self.wrap(list, ["retry": ["max_attempts": 2]], clock)
        let told = Mutex<[BackendSwitch]>([])
        var request = Composed.request(clock: clock)
        request.report = { change in told.withLock { $0.append(change) } }
        let whole = request
        async let result = backend.executeNode(whole)
        await clock.sleepers(1)
        clock.advance(by: .seconds(3600))
        #expect(try await result == Composed.done)
        #expect(told.withLock { $0.map { [$0.from, $0.to] } } == [["x", "y"], ["y", "x"]])
    }
}
