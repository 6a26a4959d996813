import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("secrets that backends give back", .timeLimit(.minutes(1)))
struct SecretLeakTests {
    private static let key = "key-0123456789"

    private static func options(_ keeper: LogKeeper = LogKeeper()) -> TestServer.Options {
        var options = TestServer.Options()
        options.secrets = Secrets(["peer": key])
        options.makeLogger = { keeper.logger($0) }
        return options
    }

    private static func register(_ server: TestServer, _ fake: FakeRemoteService) async throws {
        let config: JSONValue = [
            "url": .string(fake.url), "headers": ["Authorization": ["secret": "peer", "prefix": "Bearer "]],
        ]
        for body: JSONValue in [
            ["name": "r", "type": "remote", "config": config],
            ["name": "audited", "type": "logging", "config": ["backend": "r", "log_level": "trace"]],
        ] {
            #expect(try await server.client.send("POST", "/backends", body).status == 201)
        }
    }

    @Test("an error's code, message and details tell no secret, to nobody", arguments: ["r", "audited"])
    func code(backend: String) async throws {
        let keeper = LogKeeper()
        let said =
            #"{"success": false, "error": {"code": "KEY", "message": "m KEY", "details": {"KEY": "KEY"}}}"#
            .replacing("KEY", with: Self.key)
        try await TestServer.with(Self.options(keeper)) { server in
            try await FakeRemoteService.with({ $0 == "POST /nodes/execute" ? .json(said) : nil }) { fake in
                try await Self.register(server, fake)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": .string(backend)])
                let error = run.json["nodes"]?["a"]?["error"]
                #expect(error?["code"] == "failed" && error?["message"] == "m [secret peer]", "\(run.text)")
                #expect(error?["details"] == ["[secret peer]": "[secret peer]"])
                let id = run.json["workflow_id"]?.string ?? ""
                let events = try await server.client.send("GET", "/workflows/\(id)/events")
                let raw = try await server.client.send(
                    "POST", "/backends/\(backend)/nodes/execute", execution("x"))
                #expect(raw.json["error"]?["code"] == "failed", "\(raw.text)")
                for text in [run.text, events.text, raw.text] { #expect(!text.contains(Self.key), "\(text)") }
            }
        }
        #expect(keeper.all.contains { $0.message == "node failed" } == (backend == "audited"))
        for entry in keeper.all { #expect(!"\(entry)".contains(Self.key)) }
    }

    @Test("the log of a backend's outputs tells no secret")
    func output() async throws {
        let keeper = LogKeeper()
        let said = #"{"success": true, "output": "you sent \#(Self.key)", "error": null}"#
        try await TestServer.with(Self.options(keeper)) { server in
            try await FakeRemoteService.with({ $0 == "POST /nodes/execute" ? .json(said) : nil }) { fake in
                try await Self.register(server, fake)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "audited"])
                #expect(run.json["output"] == "you sent [secret peer]", "\(run.text)")
            }
        }
        #expect(keeper.all.contains { $0.metadata["output"]?.contains("you sent [secret peer]") == true })
        for entry in keeper.all { #expect(!"\(entry)".contains(Self.key)) }
    }

    @Test("a secret over several chunks is in no event, and every chunk comes before the end")
    func chunks() async throws {
        let parts: [JSONValue] = [
            .string(String(Self.key.prefix(9))), .string(String(Self.key.dropFirst(9))),
            ["c": .string(String(Self.key.prefix(5)))], ["c": .string(Self.key.dropFirst(5) + ".")], "key-",
        ]
        let result: JSONValue = ["success": true, "output": 1, "error": .null]
        let stream =
            parts.map { "event: chunk\ndata: \($0)\n\n" }.joined() + "event: result\ndata: \(result)\n\n"
        let shown: [JSONValue] = ["[secret peer]", "", ["c": "[secret peer]"], ["c": "."], "key-"]
        try await TestServer.with(Self.options()) { server in
            try await FakeRemoteService.with({ line in
                line == "POST /nodes/execute" ? .answer(200, type: "text/event-stream", stream) : nil
            }) { fake in
                try await Self.register(server, fake)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                let id = run.json["workflow_id"]?.string ?? ""
                let page = try await server.client.send("GET", "/workflows/\(id)/events").json
                let events = page["events"]?.array ?? []
                #expect(events.filter { $0["type"] == "chunk" }.map { $0["chunk"] } == shown, "\(page)")
                let last = events.lastIndex { $0["type"] == "chunk" } ?? .max
                let end = events.firstIndex { $0["type"] == "node_completed" } ?? -1
                #expect(last < end)
                let raw = try await server.client.send(
                    "POST", "/backends/r/nodes/execute", execution("x"), headers: ["Accept": "text/event-stream"])
                let sent = serverSentEvents(raw.text)
                #expect(sent.map(\.type) == shown.map { _ in "chunk" } + ["result"], "\(raw.text)")
                #expect(raw.text.contains("[secret peer]") && !raw.text.contains(Self.key.prefix(9)))
            }
        }
    }

    @Test("what is held back of an attempt that is cancelled or out of time comes before its end")
    func ends() async throws {
        for isCancelled in [true, false] {
            let clock = ManualClock()
            let gate = Gate()
            var options = Self.options()
            options.clock = clock
            options.backends = [
                ScriptedBackend { request in
                    request.emit("key-")
                    guard await gate.pass() else { throw CancellationError() }
                    return .success(output: 1)
                }
            ]
            try await TestServer.with(options) { server in
                let rules: JSONObject = isCancelled ? [:] : ["timeout": "1m", "retry": ["max_attempts": 1]]
                let body: JSONValue = ["workflow": workflow([node("a", "x", after: nil, nil, rules)])]
                let path = try await server.client.send("POST", "/workflows", body)["location"] ?? ""
                await gate.arrivals(1)
                if isCancelled {
                    _ = try await server.client.send("POST", "\(path)/cancel")
                } else {
                    clock.advance(by: .seconds(61))
                }
                let run = try await server.client.send("GET", "\(path)?wait=20").json
                #expect(run["status"] == (isCancelled ? "cancelled" : "failed"), "\(run)")
                let page = try await server.client.send("GET", "\(path)/events").json
                let types = (page["events"]?.array ?? []).compactMap { $0["type"]?.string }
                let chunk = types.firstIndex(of: "chunk") ?? .max
                let end = types.firstIndex(of: isCancelled ? "node_cancelled" : "node_failed") ?? -1
                #expect(chunk < end, "\(types)")
            }
        }
    }

    @Test("a model that repeats a secret of its prompt letter by letter tells it to nobody")
    func letters() async throws {
        let pieces = ["say "] + Self.key.map(String.init) + ["!"]
        let reply = ChatReply(pieces.map { .piece($0) } + ChatReply.ending())
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let ask = node(
                    "ask", "llm",
                    ["model": "fake-1", "prompt": "say ${secrets.peer}", "base_url": .string(service.url)])
                let run = try await server.client.run(workflow([ask]))
                #expect(run.json["output"]?["content"] == "say [secret peer]!", "\(run.text)")
                let id = run.json["workflow_id"]?.string ?? ""
                let page = try await server.client.send("GET", "/workflows/\(id)/events").json
                let chunks = (page["events"]?.array ?? []).filter { $0["type"] == "chunk" }
                let contents = chunks.compactMap { $0["chunk"]?["content"]?.string }
                #expect(contents.count == pieces.count && contents.joined() == "say [secret peer]!", "\(contents)")
            }
        }
    }

    @Test("what a service gives back of a credential that the server encoded is found")
    func encoded() async throws {
        try await RecordingServer.with { request in
            .text("\(request["authorization"] ?? "") \(request.query ?? "") \(request.body)", type: "text/plain")
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let config: JSONObject = [
                    "method": "POST", "url": .string(service.url), "query": ["k": "${secrets.peer}&"],
                    "headers": ["Authorization": "Basic ${base64.encode(bytes('user:' + secrets.peer))}"],
                    "body": ["k": "${secrets.peer}"],
                ]
                let run = try await server.client.run(workflow([node("a", "http", .object(config))]))
                let body = run.json["output"]?["body"]?.string ?? run.text
                #expect(body == #"Basic dXNlcj[secret peer]== k=[secret peer]%26 {"k":"[secret peer]"}"#, "\(body)")
            }
        }
    }
}
