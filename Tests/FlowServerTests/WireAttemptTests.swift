import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("attempts that other servers ask for", .timeLimit(.minutes(1)))
struct WireAttemptTests {
    private static let path = "/backends/native/nodes/execute"

    /// A server whose nodes wait before a gate; those that are cancelled there open another one.
    private static func withWaiting(
        clock: any WallClock = SystemClock(),
        _ body: (TestServer, ScriptedBackend, _ gate: Gate, _ cancelled: Gate) async throws -> Void
    ) async throws {
        let gate = Gate()
        let cancelled = Gate()
        let backend = ScriptedBackend { request in
            request.emit("begun")
            guard await gate.pass() else {
                cancelled.open()
                throw CancellationError()
            }
            if request.node.type == "away" { throw BackendError(.unavailable, backend: .native, "away") }
            return .success(output: request.input)
        }
        var options = TestServer.Options()
        options.backends = [backend]
        options.clock = clock
        try await TestServer.with(options) { server in try await body(server, backend, gate, cancelled) }
    }

    private static func send(
        _ server: TestServer, _ body: JSONValue = execution("x"), key: String? = nil,
        accept: String = "application/json"
    ) async throws -> TestResponse {
        var headers = ["Accept": accept]
        headers["Idempotency-Key"] = key
        return try await server.client.send("POST", path, body, headers: headers)
    }

    @Test("one key is one execution, while it is under way and afterwards")
    func idempotency() async throws {
        try await Self.withWaiting { server, backend, gate, _ in
            async let first = Self.send(server, key: "run-1/a/1")
            await gate.arrivals(1)
            async let second = Self.send(server, key: "run-1/a/1", accept: "text/event-stream")
            let other = try await Self.send(server, execution("x", input: 2), key: "run-1/a/1")
            #expect(other.status == 422 && other.isProblem, "the same key with another request")
            gate.open()
            let answer = try await first
            #expect(answer.json["output"] == ["n": 1], "\(answer.status) \(answer.text)")
            let events = serverSentEvents(try await second.text)
            #expect(events.map(\.type) == ["chunk", "result"], "whoever comes later gets all parts as well")
            let third = try await Self.send(server, key: "run-1/a/1")
            #expect(third.json["output"] == ["n": 1] && third["idempotency-replayed"] == "true")
            #expect(backend.executed.count == 1)
            _ = try await Self.send(server, key: "run-1/a/2")
            _ = try await Self.send(server)
            #expect(backend.executed.count == 3)
        }
    }

    @Test("an attempt that no backend took is made again under its key")
    func notKept() async throws {
        try await Self.withWaiting { server, backend, gate, _ in
            gate.open()
            for _ in 1...2 {
                let answer = try await Self.send(server, execution("away"), key: "run-1/a/1")
                #expect(answer.status == 503)
            }
            #expect(backend.executed.count == 2)
        }
    }

    @Test("a client that leaves cancels its attempt", arguments: ["application/json", "text/event-stream"])
    func leaving(accept: String) async throws {
        try await Self.withWaiting { server, backend, gate, cancelled in
            let connection = try await RawConnection(port: server.client.port)
            let body = "\(execution("x"))"
            await connection.send(
                "POST \(Self.path) HTTP/1.1\r\nHost: x\r\nAccept: \(accept)\r\nContent-Type: application/json\r\n"
                    + "Idempotency-Key: k\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            await gate.arrivals(1)
            connection.reset()
            #expect(await cancelled.pass())
            gate.open()
            // The key is free again: nothing came of the first attempt.
            let again = try await Self.send(server, key: "k")
            #expect(again.json["success"] == true && backend.executed.count == 2)
        }
    }

    @Test("an attempt goes on while one of those who asked for it waits")
    func oneLeaves() async throws {
        try await Self.withWaiting { server, backend, gate, cancelled in
            let connection = try await RawConnection(port: server.client.port)
            let body = "\(execution("x"))"
            await connection.send(
                "POST \(Self.path) HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                    + "Content-Type: application/json\r\nIdempotency-Key: k\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            await gate.arrivals(1)
            // Its first part shows that the second client has joined.
            let second = try await RawConnection(port: server.client.port)
            await second.send(
                "POST \(Self.path) HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                    + "Content-Type: application/json\r\nIdempotency-Key: k\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            let reader = ResponseReader(second)
            #expect(await reader.head()?["idempotency-replayed"] == "true")
            connection.reset()
            gate.open()
            var text = ""
            while let chunk = await reader.chunk() { text += String(decoding: chunk, as: UTF8.self) }
            #expect(serverSentEvents(text).last?.data["success"] == true)
            #expect(backend.executed.count == 1)
        }
    }

    @Test("an attempt ends at its deadline, and is cancelled there")
    func deadline() async throws {
        let clock = ManualClock()
        try await Self.withWaiting(clock: clock) { server, _, gate, cancelled in
            async let answer = server.client.send(
                "POST", Self.path, execution("x"), headers: ["Flow-Timeout": "5000"])
            await gate.arrivals(1)
            clock.advance(by: .seconds(5))
            #expect(await cancelled.pass())
            let result = try await answer
            #expect(result.status == 200 && result.json["success"] == false)
            #expect(result.json["error"]?["code"] == "timeout" && result.json["error"]?["retriable"] == true)
        }
    }

    @Test("a workflow is run on the backend of the path, and answered when it has ended")
    func workflows() async throws {
        try await TestServer.with { server in
            let client = server.client
            let body: JSONValue = ["workflow": workflow([node("a", "set", ["value": 3])])]
            let run = try await client.send("POST", "/backends/native/workflows/execute", body)
            #expect(run.status == 200 && run.json["status"] == "completed" && run.json["output"] == 3)
            #expect(run["location"] == "/workflows/\(run.json["workflow_id"]?.string ?? "")")
            let other: JSONValue = ["workflow": workflow([node("a")]), "backend": "other"]
            let refused = try await client.send("POST", "/backends/native/workflows/execute", other)
            #expect(refused.status == 422 && refused.places == ["/backend"])
            let headers = ["Idempotency-Key": "k"]
            let first = try await client.send("POST", "/backends/native/workflows/execute", body, headers: headers)
            let again = try await client.send("POST", "/backends/native/workflows/execute", body, headers: headers)
            #expect(first.json["workflow_id"] == again.json["workflow_id"] && again["idempotency-replayed"] == "true")
            #expect(try await client.send("POST", "/workflows", body, headers: headers).status == 422)
        }
    }

    @Test("a run whose client leaves, or whose deadline passes, is cancelled")
    func abandonedRun() async throws {
        let clock = ManualClock()
        try await Self.withWaiting(clock: clock) { server, _, gate, cancelled in
            let body = "\(["workflow": workflow([node("a", "x")]), "workflow_id": "left"] as JSONValue)"
            let connection = try await RawConnection(port: server.client.port)
            await connection.send(
                "POST /backends/native/workflows/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            await gate.arrivals(1)
            connection.reset()
            #expect(await cancelled.pass())
            let left = try await server.client.send("GET", "/workflows/left?wait=20s")
            #expect(left.json["status"] == "cancelled")
            let late = try await withThrowingTaskGroup(of: Void.self) { group in
                // When the request begins to wait is not seen from here, so the time runs until it is answered.
                group.addTask {
                    while !Task.isCancelled {
                        clock.advance(by: .seconds(1))
                        await Task.yield()
                    }
                }
                defer { group.cancelAll() }
                return try await server.client.send(
                    "POST", "/backends/native/workflows/execute", ["workflow": workflow([node("a", "x")])],
                    headers: ["Flow-Timeout": "3000"])
            }
            let id = late.json["workflow_id"]?.string ?? ""
            #expect(late.status == 200 || late.status == 202, "the time that the node gets to end runs as well")
            #expect(try await server.client.send("GET", "/workflows/\(id)?wait=20s").json["status"] == "cancelled")
        }
    }
}
