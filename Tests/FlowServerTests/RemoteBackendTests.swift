import FlowCore
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

@Suite("remote backends", .timeLimit(.minutes(1)))
struct RemoteBackendTests {
    /// Registers what is at a URL as the backend `r`.
    private static func register(
        _ server: TestServer, _ url: String, _ more: JSONObject = [:], name: String = "r"
    ) async throws -> TestResponse {
        var config = more
        config["url"] = .string(url)
        return try await server.client.send(
            "POST", "/backends", ["name": .string(name), "type": "remote", "config": .object(config)])
    }

    private static func base(_ server: TestServer, _ backend: String = "native") -> String {
        "http://127.0.0.1:\(server.client.port)/backends/\(backend)"
    }

    @Test("a server runs workflows on another server's backend")
    func federation() async throws {
        try await TestServer.with { far in
            try await TestServer.with { near in
                let made = try await Self.register(near, Self.base(far) + "/", ["max_parallel": 3])
                #expect(made.status == 201, "\(made.text)")
                #expect(made.json["capabilities"]?["streaming"] == true && made.json["contract"]?["max_parallel"] == 3)
                #expect(made.json["node_types"]?.array?.contains("set") == true)
                let nodes = [
                    node(
                        "each", "for_each",
                        [
                            "items": "${input.items}",
                            "nodes": [node("double", "set", ["value": "${item * 2}"])],
                        ]),
                    node("last", "set", after: ["each"], ["value": ["all": "${nodes.each.output}"]]),
                ]
                let run = try await near.client.run(
                    workflow(nodes), input: ["items": [1, 2, 3]], ["backend": "r", "requires": ["streaming"]])
                #expect(run.json["status"] == "completed", "\(run.text)")
                #expect(run.json["output"] == ["all": [2, 4, 6]] && run.json["nodes"]?["last"]?["backend"] == "r")
                let failed = try await near.client.run(
                    workflow([node("a", "fail", ["message": "no", "code": "mine"])]), ["backend": "r"])
                #expect(failed.json["error"]?["code"] == "mine" || failed.text.contains("\"mine\""))
                // What is wrong with a node is told at its place, by the server that would execute it.
                let wrong = try await near.client.send(
                    "POST", "/workflows", ["workflow": workflow([node("a", "http", ["url": "x"])]), "backend": "r"])
                #expect(wrong.status == 422 && wrong.places == ["/workflow/nodes/0/config/url"])
                #expect(try await near.client.send("GET", "/backends/r/health").json["healthy"] == true)
                #expect(try await far.client.send("GET", "/workflows").json["workflows"] == [])
            }
        }
    }

    @Test("parts of results come through, and a cancelled run is cancelled at the other server")
    func streaming() async throws {
        let gate = Gate()
        let cancelled = Gate()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend(
                capabilities: BackendCapabilities(streaming: true, parallel: true, async: true, distributed: false)
            ) { request in
                request.emit(["piece": 1])
                guard await gate.pass() else {
                    cancelled.open()
                    throw CancellationError()
                }
                return .success(output: "done")
            }
        ]
        try await TestServer.with(options) { far in
            try await TestServer.with { near in
                #expect(try await Self.register(near, Self.base(far)).status == 201)
                let body: JSONValue = ["workflow": workflow([node("a", "x")]), "backend": "r", "workflow_id": "w"]
                _ = try await near.client.send("POST", "/workflows", body)
                await gate.arrivals(1)
                _ = try await near.client.send("POST", "/workflows/w/cancel")
                #expect(await cancelled.pass())
                gate.open()
                let run = try await near.client.run(workflow([node("a", "x")]), ["backend": "r"])
                #expect(run.json["output"] == "done")
                let id = run.json["workflow_id"]?.string ?? ""
                let events = try await near.client.send("GET", "/workflows/\(id)/events").text
                #expect(events.contains("\"piece\":1"))
            }
        }
    }

    @Test("servers that are each other's backends end the circle")
    func loop() async throws {
        try await TestServer.with { one in
            try await TestServer.with { other in
                #expect(try await Self.register(one, Self.base(other), name: "there").status == 201)
                #expect(try await Self.register(other, Self.base(one, "there"), name: "back").status == 201)
                // Registered anew, so that its work goes to the one that gives it back.
                let replaced = try await one.client.send(
                    "PUT", "/backends/there", ["type": "remote", "config": ["url": .string(Self.base(other, "back"))]])
                #expect(replaced.status == 200, "\(replaced.text)")
                let health = try await one.client.send("GET", "/backends/there/health")
                #expect(health.status == 503 && health.text.contains("508"))
                let answer = try await one.client.send(
                    "POST", "/backends/there/nodes/execute", execution("set", ["value": 1]))
                #expect(answer.json["success"] == false && answer.json["error"]?["code"] == "remote_error")
                #expect(answer.text.contains("508"))
            }
        }
    }

    @Test("a secret is sent and never shown")
    func secrets() async throws {
        var options = TestServer.Options()
        options.secrets = Secrets(["peer": "key-0123456789"])
        try await TestServer.with(options) { server in
            try await FakeRemoteService.with({ line in
                line == "POST /nodes/execute" ? .json(#"{"detail": "bad key key-0123456789"}"#, status: 401) : nil
            }) { fake in
                let headers: JSONValue = ["Authorization": ["secret": "peer", "prefix": "Bearer "], "X-Team": "a"]
                let made = try await Self.register(server, fake.url, ["headers": headers])
                #expect(made.status == 201 && made.json["config"]?["headers"] == headers)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                #expect(run.text.contains("remote_error") && run.text.contains("[secret peer]"))
                let shown = try await server.client.send("GET", "/backends").text + run.text + made.text
                #expect(!shown.contains("key-0123456789"))
                #expect(fake.requests.allSatisfy { $0.contains("Bearer key-0123456789") && $0.contains("X-Team: a") })
                #expect(fake.requests.allSatisfy { $0.contains("Flow-Hops: 1") })
                #expect(fake.requests.contains { $0.contains("Idempotency-Key: ") && $0.contains("/a/1") })
            }
        }
    }

    @Test("a registration is refused for everything that is wrong with it")
    func configuration() async throws {
        try await TestServer.with { server in
            let wrong = try await Self.register(
                server, "ftp://x",
                [
                    "odd": 1, "timeout": "soon", "max_parallel": 0,
                    "headers": [
                        "Authorization": "Bearer x", "Flow-Hops": "1", "X-A": 3, "X-B": ["secret": "a b"],
                        "X-C": ["odd": 1],
                    ],
                ])
            #expect(wrong.status == 422)
            #expect(
                Set(wrong.places) == [
                    "/config/url", "/config/odd", "/config/timeout", "/config/max_parallel",
                    "/config/headers/Authorization", "/config/headers/Flow-Hops", "/config/headers/X-A",
                    "/config/headers/X-B/secret", "/config/headers/X-C", "/config/headers/X-C/odd",
                ])
            let secret = try await Self.register(server, "http://127.0.0.1:1", ["headers": ["X": ["secret": "none"]]])
            #expect(secret.status == 422 && secret.places == ["/config/headers/X/secret"])
            let closed = try await Self.register(server, "http://127.0.0.1:1")
            #expect(closed.status == 422 && closed.places == ["/config/url"])
        }
        var options = TestServer.Options()
        options.allowsPrivateCalls = false
        try await TestServer.with(options) { server in
            let refused = try await Self.register(server, "http://127.0.0.1:1")
            #expect(refused.status == 422 && refused.details.contains("not allowed"))
        }
    }

    @Test(
        "what describes itself badly is not registered",
        arguments: [
            ("GET /capabilities", FakeRemoteService.Reply.json(#"{"streaming": "yes"}"#), "/capabilities/streaming"),
            ("GET /capabilities", .json("[true]"), "no object"),
            ("GET /capabilities", .json("{", status: 200), "not JSON"),
            ("GET /", .answer(200, type: "text/html", "<html>"), "text/html"),
            ("GET /", .json(#"{"name": "x"}"#), "node_types"),
            ("GET /", .json(#"{"name": "x", "node_types": [1]}"#), "/node_types/0"),
            ("GET /", .json("{}", status: 404), "404"),
            (
                "GET /", .answer(302, type: "text/plain", "", more: "Location: http://127.0.0.1:1/\r\n"),
                "leads elsewhere"
            ),
            ("GET /", .reset, "failed"),
        ])
    func description(line: String, reply: FakeRemoteService.Reply, reason: String) async throws {
        try await TestServer.with { server in
            try await FakeRemoteService.with({ $0 == line ? reply : nil }) { fake in
                let refused = try await Self.register(server, fake.url)
                #expect(refused.status == 422 && refused.places == ["/config/url"])
                #expect(refused.details.contains(reason), "\(refused.details)")
            }
        }
    }

    @Test(
        "whatever a remote backend answers becomes the node's failure",
        arguments: [
            (FakeRemoteService.Reply.reset, "unavailable", ""),
            (
                .bytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"),
                "unavailable", ""
            ),
            (.bytes("odd"), "unavailable", ""),
            (.json("{}", status: 500), "remote_status", "500"),
            (.json("{}", status: 599), "remote_status", "599"),
            (.json(#"{"detail": "full"}"#, status: 429), "unavailable", "full"),
            (.json("{}", status: 503), "unavailable", "overloaded"),
            (.json(#"{"detail": "not so"}"#, status: 422), "remote_error", "not so"),
            (.json("{}", status: 508), "remote_error", "508"),
            (.answer(307, type: "text/plain", "", more: "Location: /x\r\n"), "redirect_refused", "leads elsewhere"),
            (.answer(200, type: "text/html; charset=utf-8", "<html>"), "html_response", "text/html"),
            (.answer(200, type: "text/plain", "{}"), "invalid_content_type", "text/plain"),
            (.bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "invalid_content_type", "no content type"),
            (.json(#"{"success": true, "output": "#), "invalid_json", "not JSON"),
            (.json(#"{"output": 1}"#), "invalid_response", "success"),
            (.json(#"{"success": true, "error": {"message": "x"}}"#), "invalid_response", "/error"),
            (.json("[" + String(repeating: "1,", count: 40_000) + "1]"), "response_too_large", "larger"),
            (.answer(200, type: "text/event-stream", "event: chunk\ndata: 1\n\n"), "incomplete_stream", "ended before"),
            (.answer(200, type: "text/event-stream", "event: result\ndata: {\n\n"), "invalid_json", "not JSON"),
            (
                .answer(
                    200, type: "text/event-stream", "event: error\ndata: {\"status\": 503, \"detail\": \"later\"}\n\n"),
                "unavailable", "later"
            ),
            (.json(#"{"success": false, "error": "plain"}"#), "failed", "plain"),
            (.json(#"{"success": false, "error": {"code": "own", "message": "said"}}"#), "own", "said"),
        ])
    func answers(reply: FakeRemoteService.Reply, code: String, text: String) async throws {
        var options = TestServer.Options()
        options.maxRemoteBytes = 50_000
        try await TestServer.with(options) { server in
            try await FakeRemoteService.with({ $0 == "POST /nodes/execute" ? reply : nil }) { fake in
                #expect(try await Self.register(server, fake.url).status == 201)
                let once: JSONObject = ["retry": ["max_attempts": 1]]
                let run = try await server.client.run(
                    workflow([node("a", "x", after: nil, nil, once)]), ["backend": "r"])
                let error = run.json["nodes"]?["a"]?["error"] ?? .null
                #expect(error["code"]?.string == code, "\(error)")
                #expect(text.isEmpty || "\(error)".contains(text), "\(error)")
            }
        }
    }

    @Test("a remote backend that says nothing is left when the node's time is over")
    func silence() async throws {
        try await TestServer.with { server in
            try await FakeRemoteService.with({ $0 == "POST /nodes/execute" ? .silence : nil }) { fake in
                #expect(try await Self.register(server, fake.url, ["timeout": "50ms"]).status == 201)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                #expect(run.json["nodes"]?["a"]?["error"]?["code"] == "timeout", "\(run.text)")
            }
        }
    }

    @Test("a node that cannot be checked is refused, and one that was is not asked about again")
    func validation() async throws {
        try await TestServer.with { server in
            try await FakeRemoteService.with({ line in
                line == "POST /nodes/validate" ? .json("{}", status: 500) : nil
            }) { fake in
                #expect(try await Self.register(server, fake.url).status == 201)
                let body: JSONValue = ["workflow": workflow([node("a", "x")]), "backend": "r"]
                let refused = try await server.client.send("POST", "/workflows", body)
                #expect(refused.status == 422 && refused.details.contains("cannot check"))
            }
            try await FakeRemoteService.with({ _ in nil }) { fake in
                #expect(try await Self.register(server, fake.url, name: "s").status == 201)
                for _ in 1...3 { _ = try await server.client.run(workflow([node("a", "x")]), ["backend": "s"]) }
                #expect(fake.requests.filter { $0.hasPrefix("POST /nodes/validate") }.count == 1)
            }
        }
    }

    @Test("a service that was away at the start is asked until it is back, also for those that wrap it")
    func back() async throws {
        let directory = temporaryDirectory()
        let isAway = Mutex(false)
        let script: @Sendable (String) -> FakeRemoteService.Reply? = { _ in isAway.withLock { $0 } ? .reset : nil }
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await FakeRemoteService.with(script) { fake in
            try await TestServer.with(directory: directory) { server in
                #expect(try await Self.register(server, fake.url).status == 201)
                let wrapper: JSONValue = ["name": "over", "type": "metered", "config": ["backend": "r"]]
                let made = try await server.client.send("POST", "/backends", wrapper)
                #expect(made.status == 201, "\(made.text)")
            }
            isAway.withLock { $0 = true }
            try await TestServer.with(options, directory: directory) { server in
                let client = server.client
                #expect(try await client.send("GET", "/backends/r").json["version"] != "1")
                isAway.withLock { $0 = false }
                while try await client.send("GET", "/backends/over/capabilities").json["distributed"] != true {
                    clock.advance(by: .seconds(1))
                }
                #expect(try await client.send("GET", "/backends/r").json["version"] == "1")
                #expect(!fake.requests.contains { $0.hasPrefix("POST /nodes/execute") })
                let run = try await client.run(workflow([node("a", "x")]), ["backend": "over"])
                let receipt = try await ReceiptTests.receipts(client, ReceiptTests.id(run))["receipts"]?[0]
                #expect(receipt?["executor"]?["version"] == "1", "\(receipt ?? .null)")
            }
        }
    }

    @Test("a start does not need the remote backend, which is known again when it is back")
    func restart() async throws {
        let directory = temporaryDirectory()
        try await FakeRemoteService.with({ _ in nil }) { fake in
            try await TestServer.with(directory: directory) { server in
                let made = try await Self.register(server, fake.url)
                #expect(made.status == 201)
            }
        }
        try await TestServer.with(directory: directory) { server in
            #expect(try await server.client.send("GET", "/backends/r/capabilities").json["distributed"] == false)
            let health = try await server.client.send("GET", "/backends/r/health")
            #expect(health.status == 503 && health.json["reason"]?.string?.isEmpty == false)
        }
    }
}
