import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

@Suite("connections to remote backends", .timeLimit(.minutes(1)))
struct RemoteConnectionTests {
    /// A service that keeps its connections, except where `script` says otherwise.
    private static func service<Result: Sendable>(
        _ script: @escaping @Sendable (String) -> FakeRemoteService.Reply? = { _ in nil },
        _ body: (FakeRemoteService) async throws -> Result
    ) async throws -> Result {
        try await FakeRemoteService.with({ script($0) ?? keeping($0) }, body)
    }

    private static func keeping(_ line: String) -> FakeRemoteService.Reply {
        switch line {
        case "GET /": .keptJSON(#"{"name": "fake", "node_types": ["x"]}"#)
        case "GET /capabilities": .keptJSON(#"{"streaming": true, "parallel": true}"#)
        case "POST /nodes/validate": .keptJSON(#"{"valid": true, "errors": []}"#)
        default: .keptJSON(#"{"success": true, "output": 1, "error": null}"#)
        }
    }

    private static func register(
        _ server: TestServer, _ fake: FakeRemoteService, _ more: JSONObject = [:]
    ) async throws {
        var config = more
        config["url"] = .string(fake.url)
        let made = try await server.client.send(
            "POST", "/backends", ["name": "r", "type": "remote", "config": .object(config)])
        #expect(made.status == 201, "\(made.text)")
    }

    private static let streamed =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static let result = "event: result\ndata: {\"success\": true, \"output\": 1, \"error\": null}\n\n"

    private static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }

    @Test("an answer that names another attempt came late for that one: it is not taken, and the attempt is made again")
    func lateAnswer() async throws {
        let isFirst = Mutex(true)
        let body = #"{"success": true, "output": "of another", "error": null}"#
        let late = FakeRemoteService.Reply.kept(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nIdempotency-Key: other/a/1\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let script: @Sendable (String) -> FakeRemoteService.Reply? = { line in
            guard line == "POST /nodes/execute" else { return nil }
            return isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst ? late : nil
            }
        }
        try await TestServer.with { server in
            try await Self.service(script) { fake in
                try await Self.register(server, fake)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                #expect(run.json["status"] == "completed" && run.json["output"] == 1, "\(run.text)")
                #expect(run.json["nodes"]?["a"]?["attempt"] == 2, "\(run.text)")
                #expect(fake.requests.count { $0.hasPrefix("POST /nodes/execute") } == 2)
            }
        }
    }

    @Test("a server names the attempt in its answer", arguments: ["application/json", "text/event-stream"])
    func named(_ type: String) async throws {
        try await TestServer.with { server in
            let answer = try await server.client.send(
                "POST", "/backends/native/nodes/execute", execution("set", ["value": 1]),
                headers: ["Idempotency-Key": "run/a/1", "Accept": type])
            #expect(answer.status == 200 && answer["idempotency-key"] == "run/a/1", "\(answer.text)")
        }
    }

    @Test(
        "nodes one after the other take one connection, also when results come as streams",
        arguments: [
            FakeRemoteService.Reply?.none,
            .kept(streamed + chunk("event: chunk\ndata: 1\n\n" + result) + "0\r\n\r\n"),
            .kept(streamed + chunk(result + "event: more\ndata: 1\n\n") + chunk(": bye\n\n") + "0\r\n\r\n"),
        ])
    func sequence(reply: FakeRemoteService.Reply?) async throws {
        try await TestServer.with { server in
            try await Self.service({ $0 == "POST /nodes/execute" ? reply : nil }) { fake in
                try await Self.register(server, fake)
                let nodes = (0..<20).map { node("n\($0)", "x") }
                let run = try await server.client.run(workflow(nodes), ["backend": "r"])
                #expect(run.json["status"] == "completed", "\(run.text)")
                // Two questions at the registration, one about the one configuration there is, and the nodes.
                #expect(fake.requestsByConnection == [23], "\(fake.requestsByConnection)")
            }
        }
    }

    @Test("nodes at the same time take no more connections than max_parallel, and as many as that when they have to")
    func parallel() async throws {
        var options = TestServer.Options()
        options.limits.parallelNodes = 64
        try await TestServer.with(options) { server in
            try await Self.service { fake in
                try await Self.register(server, fake, ["max_parallel": 3])
                let nodes = (0..<60).map { node("n\($0)", "x", after: []) }
                let run = try await server.client.run(workflow(nodes), ["backend": "r"])
                #expect(run.json["status"] == "completed", "\(run.text)")
                let counts = fake.requestsByConnection
                #expect(counts.count <= 3 && counts.reduce(0, +) == 63, "\(counts)")
            }
        }
        // More than the client's own default of eight are under way when nothing bounds them.
        let gate = Gate()
        options.backends = [
            ScriptedBackend { _ in
                guard await gate.pass() else { throw CancellationError() }
                return .success(output: 1)
            }
        ]
        try await TestServer.with(options) { far in
            try await TestServer.with { near in
                let url = "http://127.0.0.1:\(far.client.port)/backends/native"
                let made = try await near.client.send(
                    "POST", "/backends", ["name": "r", "type": "remote", "config": ["url": .string(url)]])
                #expect(made.status == 201)
                let nodes = (0..<40).map { node("n\($0)", "x", after: []) }
                async let run = near.client.run(workflow(nodes), ["backend": "r"])
                await gate.arrivals(40)
                gate.open()
                #expect(try await run.json["status"] == "completed")
            }
        }
    }

    @Test("a stream that never ends after its result keeps no node waiting")
    func endlessStream() async throws {
        try await TestServer.with { server in
            let reply = FakeRemoteService.Reply.open(Self.streamed + Self.chunk(Self.result))
            try await Self.service({ $0 == "POST /nodes/execute" ? reply : nil }) { fake in
                try await Self.register(server, fake)
                let run = try await server.client.run(workflow([node("a", "x"), node("b", "x")]), ["backend": "r"])
                #expect(run.json["status"] == "completed", "\(run.text)")
                #expect(run.json["output"] == 1)
            }
        }
    }

    @Test("each attempt tells how much time it has: that of its node, within that of the registration")
    func deadlines() async throws {
        try await TestServer.with { server in
            try await Self.service({ line in
                line == "POST /nodes/execute"
                    ? .keptJSON(#"{"success": false, "error": {"code": "busy", "message": "no", "retriable": true}}"#)
                    : nil
            }) { fake in
                try await Self.register(server, fake, ["timeout": "20s"])
                let retry: JSONValue = ["max_attempts": 2, "initial_delay": 0]
                let nodes = [
                    node("short", "x", after: [], nil, ["timeout": "10s", "retry": retry, "on_error": "continue"]),
                    node("long", "x", after: [], nil, ["timeout": "90s", "on_error": "continue"]),
                    node("none", "x", after: [], nil, ["on_error": "continue"]),
                ]
                let run = try await server.client.run(workflow(nodes), ["backend": "r"])
                #expect(run.json["status"] == "completed", "\(run.text)")
                let spans = fake.requests.filter { $0.hasPrefix("POST /nodes/execute") }.map { request in
                    func field(_ name: String) -> Substring? {
                        request.split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }?.dropFirst(name.count + 2)
                    }
                    return (String(field("Idempotency-Key") ?? ""), field("Flow-Timeout").flatMap { Int($0) } ?? 0)
                }
                for (attempt, longest) in [
                    ("/short/1", 10_000), ("/short/2", 10_000), ("/long/1", 20_000), ("/none/1", 20_000),
                ] {
                    let span = spans.first { $0.0.hasSuffix(attempt) }?.1
                    #expect(span.map { $0 > longest / 2 && $0 <= longest } == true, "\(attempt): \(spans)")
                }
                #expect(spans.count == 4)
            }
        }
    }
}
