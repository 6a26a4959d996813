import FlowBackends
import FlowCore
import FlowJSON
import FlowTesting
import Testing

@Suite("the fallback backend", .timeLimit(.minutes(1)))
struct FallbackBackendTests {
    private static func backend(_ bases: [any Backend], as name: BackendName = "f") -> FallbackBackend {
        FallbackBackend(name: name, backends: bases.map(\.name)) { name in bases.first { $0.name == name } }
    }

    private static func failing(_ name: BackendName, _ code: BackendError.Code) -> ScriptedBackend {
        ScriptedBackend(name: name) { _ in throw BackendError(code, backend: name, "no") }
    }

    private static func metadata(_ result: Result<NodeResult, BackendError>) -> JSONObject? {
        if case .success(.success(_, let notes)) = result { notes?.metadata } else { nil }
    }

    @Test(
        "a node goes on when it fails for want of the backend",
        arguments: [
            BackendError.Code.unavailable, .overloaded, .unsupported,
        ])
    func goesOn(_ code: BackendError.Code) async {
        let a = Self.failing("a", code)
        let b = ScriptedBackend(name: "b") { _ in
            .success(output: 1, notes: CompletionNotes(next: "z", metadata: ["cost": 2, "backend": "claimed"]))
        }
        let c = Self.failing("c", .unavailable)
        let result = await Composed.execute(Self.backend([a, b, c]), Composed.request())
        #expect(Self.metadata(result) == ["cost": 2, "backend": "b", "fallback_from": ["a"]])
        if case .success(.success(let output, let notes)) = result { #expect(output == 1 && notes?.next == "z") }
        #expect(a.executed.count == 1 && b.executed.count == 1 && c.executed.isEmpty)
    }

    @Test("a node's own failure is final, and tells who executed it")
    func ownFailure() async {
        let b = ScriptedBackend(name: "b") { _ in
            .failure(NodeFailure(.unavailable, "own", retriable: true, details: ["status": 503]))
        }
        let c = Self.failing("c", .unavailable)
        let result = await Composed.execute(Self.backend([Self.failing("a", .unavailable), b, c]), Composed.request())
        guard case .success(.failure(let failure)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(failure.details == ["status": 503, "executed_by": "b", "fallback_from": ["a"]])
        #expect(failure.code == .unavailable && failure.retriable && c.executed.isEmpty)
    }

    @Test("a cancellation goes nowhere else")
    func cancelled() async {
        let b = ScriptedBackend(name: "b") { _ in Composed.done }
        let result = await Composed.execute(Self.backend([Self.failing("a", .cancelled), b]), Composed.request())
        #expect(result.error?.code == .cancelled && b.executed.isEmpty)
    }

    @Test("when all fail the error says why of each, and whether another attempt may do")
    func allFail() async {
        let mixed = [Self.failing("a", .unsupported), Self.failing("b", .overloaded), Self.failing("c", .unavailable)]
        for (count, code) in [(1, BackendError.Code.unsupported), (2, .overloaded), (3, .unavailable)] {
            let error = await Composed.execute(Self.backend(Array(mixed.prefix(count))), Composed.request()).error
            #expect(error?.code == code && error?.backend == "f")
            for name in ["a", "b", "c"].prefix(count) {
                #expect(error?.message.contains("backend \(name) is") == true)
            }
        }
    }

    @Test("a list inside a list tells who it was inside, also through a wrapper")
    func nested() async throws {
        let b = ScriptedBackend(name: "b") { _ in Composed.done }
        let inner = Self.backend([Self.failing("a", .unavailable), b], as: "inner")
        let wrapped = ResilientBackend(
            name: "wrapped", configuration: ResilientConfiguration(), clock: ManualClock(), random: { 0 },
            base: { inner })
        let outer = Self.backend([Self.failing("x", .overloaded), wrapped], as: "outer")
        let result = await Composed.execute(outer, Composed.request())
        #expect(Self.metadata(result) == ["backend": "b", "fallback_from": ["x", "a"]])
    }

    @Test("it can do and promises what all of them can do and promise, and is healthy when one is")
    func meet() async {
        let a = ScriptedBackend(
            name: "a",
            capabilities: BackendCapabilities(
                streaming: true, parallel: true, async: true, distributed: false, others: ["durable": true, "z": true])
        ) { _ in Composed.done }
        let b = ScriptedBackend(
            name: "b",
            capabilities: BackendCapabilities(
                streaming: false, parallel: true, async: true, distributed: true, others: ["durable": true])
        ) { _ in Composed.done }
        let both = await Self.backend([a, b]).capabilities
        #expect(
            both
                == BackendCapabilities(
                    streaming: false, parallel: true, async: true, distributed: false,
                    others: ["durable": true, "z": false]))
        let backend = FallbackBackend(name: "f", backends: ["a", "gone"]) { $0 == "a" ? a : nil }
        #expect(await backend.health() == .healthy)
        let none = FallbackBackend(name: "f", backends: ["gone"]) { _ in nil }
        #expect(await none.health() == .unhealthy(reason: "gone: it is not registered"))
        let contract = BackendContract(maxParallel: 3, timeToCancel: .seconds(1))
        let met = contract.meet(BackendContract(maxPayloadBytes: 5, retryOwner: .backend, isOrdered: false))
        #expect(
            met
                == BackendContract(
                    maxPayloadBytes: 5, maxParallel: 3, timeToCancel: .seconds(5), retryOwner: .service,
                    isOrdered: false))
    }
}
