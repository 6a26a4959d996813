import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON

/// A faulty way to a backend: a server between an engine and the backend's URL, which spoils what goes through.
struct FaultProxy: Sendable {
    /// A request to execute a node on its way.
    struct Call: Sendable {
        /// Which one it is, from 1.
        let number: Int
        let request: LoopbackServer.Request
        fileprivate let wire: WireClient

        /// Takes the request to the backend and brings the answer; `nil` when there is none. When the task is cancelled the
        /// connection to the backend is closed.
        func forward() async -> HTTPExchange? { await FaultProxy.forward(request, to: wire) }

        /// Takes the request to the backend, and the answer back as it is.
        func pass() async -> LoopbackServer.Reply { FaultProxy.reply(await forward()) }
    }

    /// Decides what becomes of a request to execute a node.
    typealias Fault = @Sendable (Call) async -> LoopbackServer.Reply

    /// The headers that belong to one connection, or to one body.
    private static let own = ["host", "content-length", "connection", "transfer-encoding", "keep-alive"]

    /// An answer as it is sent on.
    static func reply(_ exchange: HTTPExchange?) -> LoopbackServer.Reply {
        guard let exchange else { return .nothing }
        return .answer(exchange.status, exchange.fields, exchange.body)
    }

    fileprivate static func forward(_ request: LoopbackServer.Request, to wire: WireClient) async -> HTTPExchange? {
        let path = request.path == "/" ? "" : request.path
        let fields = request.fields.filter { !own.contains($0.name.lowercased()) }
        let body = request.method == "GET" || request.method == "HEAD" ? nil : request.body
        return try? await wire.calls.exchange(
            request.method, wire.base + path, fields: wire.fields + fields, body: body, within: .seconds(30),
            maxBytes: wire.maxBytes)
    }

    /// What answers on the faulty way. All but the execution of nodes goes through unharmed.
    static func handler(_ wire: WireClient, _ calls: Tally, _ fault: @escaping Fault) -> LoopbackServer.Handler {
        { request in
            guard request.path == "/nodes/execute" else { return reply(await forward(request, to: wire)) }
            return await fault(Call(number: calls.increment(), request: request, wire: wire))
        }
    }
}

extension Trial {
    /// Calls `body` with the name under which the engine reaches the backend on a faulty way, and the count of requests that
    /// took it.
    func faulty<Result: Sendable>(
        _ fault: @escaping FaultProxy.Fault, _ body: (BackendName, Tally) async throws -> Result
    ) async throws -> Result {
        let calls = Tally()
        return try await LoopbackServer.with(FaultProxy.handler(wire, calls, fault)) { server in
            let name = BackendName("faulty-\(bench.ids.next(at: bench.service.clock.now))")
            _ = try await bench.service.registry.register(
                BackendRegistration(name: name, type: "wire", config: ["url": .string(server.url)]), replace: false)
            return try await body(name, calls)
        }
    }

    /// Runs the sample that succeeds on a faulty way, and has the run complete with the sample's output all the same.
    ///
    /// - Parameter attempts: How many attempts that takes.
    func survives(
        _ what: String, attempts: Int, retry: JSONValue? = nil, _ fault: @escaping FaultProxy.Fault
    ) async throws {
        let sample = try sample(.succeeds)
        try await faulty(fault) { name, calls in
            var more = JSONObject()
            if let retry { more["retry"] = retry }
            let run = try await run([sample.node("a", more)], input: sample.input, on: name)
            try run.expect(run.context.status == .completed, "the run completes in spite of \(what)")
            if let output = sample.output {
                try run.expect(Trial.same(try run.output("a"), output), "the sample's output: \(output)")
            }
            let number = try run.node("a").attempt?.number ?? 0
            try run.expect(number == attempts, "\(attempts) attempts, not \(number), with \(what)")
        }
        try await expectAlive(what)
    }

    /// Runs the sample that succeeds on a faulty way, and has its node fail with a code after one attempt.
    func fails(
        _ what: String, with code: NodeFailure.Code, _ fault: @escaping FaultProxy.Fault
    ) async throws {
        let sample = try sample(.succeeds)
        try await faulty(fault) { name, calls in
            let run = try await run([sample.node("a")], input: sample.input, on: name)
            let error = try run.node("a").attempt?.error
            try run.expect(
                run.context.status == .failed && error?.code == code,
                "the run fails with the code \"\(code)\" because of \(what)")
            try run.expect(
                calls.count == 1, "one attempt, since another would be answered the same; not \(calls.count)")
        }
        try await expectAlive(what)
    }
}
