import FlowCore
import FlowJSON
import FlowServer
import FlowTesting
import TestSupport
import Testing

@Suite("the protocol of backends, as the server serves it", .timeLimit(.minutes(1)))
struct WireProtocolTests {
    static let path = "/backends/native/nodes/execute"

    @Test("the descriptor has a version, the node types with their schemas, and limits")
    func descriptor() async throws {
        var options = TestServer.Options()
        options.application.version = "9.8.7"
        try await TestServer.with(options) { server in
            let descriptor = try await server.client.send("GET", "/backends/native").json
            #expect(descriptor["name"] == "native" && descriptor["version"] == "9.8.7")
            let names = (descriptor["node_types"]?.array ?? []).compactMap(\.string)
            let details = descriptor["node_type_details"]?.array ?? []
            #expect(names.contains("set") && details.compactMap { $0["type"]?.string } == names)
            #expect(details.allSatisfy { $0["config_schema"]?["type"] == "object" && $0["summary"]?.string != nil })
            #expect(descriptor["contract"]?["max_payload_bytes"]?.integer != nil)
        }
    }

    @Test("a node is executed, and what it gives is its result")
    func execution() async throws {
        try await TestServer.with { server in
            let client = server.client
            let made = try await client.send("POST", Self.path, TestSupport.execution("set", ["value": ["x": 2]]))
            #expect(made.status == 200 && made.json == ["success": true, "output": ["x": 2], "error": .null])
            let failed = try await client.send(
                "POST", Self.path, TestSupport.execution("fail", ["message": "no", "code": "odd"]))
            #expect(failed.status == 200 && failed.json["success"] == false)
            #expect(failed.json["error"]?["code"] == "odd" && failed.json["error"]?["message"] == "no")
            // Whoever plans the run has filled expressions in: what looks like one is a text.
            let literal = try await client.send("POST", Self.path, TestSupport.execution("set", ["value": "${input}"]))
            #expect(literal.json["output"] == "${input}")
        }
    }

    @Test("everything that is wrong with a request is told at its place")
    func refusals() async throws {
        try await TestServer.with { server in
            let client = server.client
            let empty = try await client.send("POST", Self.path, [:])
            #expect(empty.status == 422 && empty.isProblem && empty.details.contains("\"node\" is required"))
            let wrong = try await client.send(
                "POST", Self.path,
                [
                    "node": ["node_id": "a", "config": 3, "retry": [:]],
                    "node_context": ["attempt": 0, "odd": 1], "workflow_context": ["name": "w"], "more": 1,
                ])
            #expect(wrong.status == 422)
            #expect(
                wrong.places.sorted() == [
                    "/more", "/node", "/node/config", "/node/retry", "/node_context/attempt", "/node_context/odd",
                    "/workflow_context",
                ])
            let unknown = try await client.send("POST", Self.path, TestSupport.execution("odd"))
            #expect(unknown.status == 422 && unknown.places == ["/node/type"])
            let control = try await client.send("POST", Self.path, TestSupport.execution("condition"))
            #expect(control.status == 422 && control.places == ["/node/type"])
            let nowhere = try await client.send(
                "POST", "/backends/odd/nodes/execute", TestSupport.execution("passthrough"))
            #expect(nowhere.status == 404 && nowhere.isProblem)
            for (name, value) in [("Flow-Timeout", "soon"), ("Flow-Timeout", "0"), ("Flow-Hops", "-1")] {
                let refused = try await client.send(
                    "POST", Self.path, TestSupport.execution("passthrough"), headers: [name: value])
                #expect(refused.status == 400 && refused.places == [name])
            }
        }
    }

    @Test("a node is checked without being executed")
    func validation() async throws {
        try await TestServer.with { server in
            func check(_ node: JSONValue) async throws -> JSONValue {
                try await server.client.send("POST", "/backends/native/nodes/validate", ["node": node]).json
            }
            #expect(try await check(node("a", "set", ["value": 1])) == ["valid": true, "errors": []])
            let wrong = try await check(node("a", "http", ["url": "x", "odd": 1]))
            #expect(wrong["valid"] == false)
            let places = (wrong["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
            #expect(places.sorted() == ["/config/odd", "/config/url"])
            // What an expression will give is not known yet.
            #expect(try await check(node("a", "http", ["url": "${input.url}"]))["valid"] == true)
            #expect(try await check(node("a", "odd"))["errors"]?[0]?["pointer"] == "/type")
            #expect(try await check(["type": "set"])["valid"] == false)
            let none = try await server.client.send("POST", "/backends/native/nodes/validate", ["nodes": 1])
            #expect(none.status == 422 && none.isProblem)
        }
    }

    @Test("a stream has the parts of a result in their order, and the result behind them")
    func stream() async throws {
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                for part in 1...3 { request.emit(["part": .integer(Int64(part))]) }
                if request.node.type == "lost" { throw BackendError(.unavailable, backend: .native, "gone") }
                return .success(
                    output: "done", notes: CompletionNotes(next: "b", metadata: ["cost": .integer(7)]))
            }
        ]
        try await TestServer.with(options) { server in
            let headers = ["Accept": "text/event-stream"]
            let answer = try await server.client.send(
                "POST", Self.path, TestSupport.execution("x"), headers: headers)
            #expect(answer.status == 200 && answer["content-type"] == "text/event-stream")
            let events = serverSentEvents(answer.text)
            #expect(events.map(\.type) == ["chunk", "chunk", "chunk", "result"])
            #expect(events.compactMap { $0.data["part"]?.integer } == [1, 2, 3])
            #expect(
                events.last?.data == [
                    "success": true, "output": "done", "error": .null, "next_node_id": "b", "metadata": ["cost": 7],
                ])
            let lost = try await server.client.send(
                "POST", Self.path, TestSupport.execution("lost"), headers: headers)
            let last = serverSentEvents(lost.text).last
            #expect(last?.type == "error" && last?.data["status"] == 503)
        }
    }

    @Test("what keeps a backend from executing is told by the status, and an interrupt by the result")
    func outcomes() async throws {
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                switch request.node.type {
                case "full": throw BackendError(.overloaded, backend: .native, "full")
                case "away": throw BackendError(.unavailable, backend: .native, "away")
                default: return .interrupted(prompt: ["ask": "you"])
                }
            }
        ]
        try await TestServer.with(options) { server in
            func send(_ type: String) async throws -> TestResponse {
                try await server.client.send("POST", Self.path, TestSupport.execution(type))
            }
            let full = try await send("full")
            #expect(full.status == 429 && full.isProblem && full["retry-after"] == "1")
            let away = try await send("away")
            #expect(away.status == 503 && away.isProblem)
            let question = try await send("ask").json
            #expect(question["should_interrupt"] == true && question["prompt"] == ["ask": "you"])
        }
    }

    @Test("work that was handed on too often is refused as a loop")
    func hops() async throws {
        try await TestServer.with { server in
            for path in ["nodes/execute", "nodes/validate", "workflows/execute"] {
                let refused = try await server.client.send(
                    "POST", "/backends/native/\(path)", TestSupport.execution("set", ["value": 1]),
                    headers: ["Flow-Hops": "9"])
                #expect(refused.status == 508 && refused.isProblem)
            }
            #expect(
                try await server.client.send("GET", "/backends/native/health", headers: ["Flow-Hops": "9"]).status
                    == 508)
            let last = try await server.client.send(
                "POST", Self.path, TestSupport.execution("set", ["value": 1]), headers: ["Flow-Hops": "8"])
            #expect(last.status == 200)
        }
    }

    @Test("nodes are checked by viewers and executed by submitters")
    func access() async throws {
        var options = TestServer.Options()
        options.application.keys = try #require(
            APIKeys(["viewer:viewer-key-0123456", "submitter:submit-key-0123456"]))
        try await TestServer.with(options) { server in
            func status(_ key: String, _ path: String, _ body: JSONValue) async throws -> Int {
                try await server.client.send(
                    "POST", "/backends/native/\(path)", body, headers: ["Authorization": "Bearer \(key)"]
                ).status
            }
            let body = TestSupport.execution("set", ["value": 1])
            let refused = try await status("viewer-key-0123456", "nodes/execute", body)
            #expect(refused == 403)
            #expect(try await status("submit-key-0123456", "nodes/execute", body) == 200)
            let run: JSONValue = ["workflow": workflow([node("a")])]
            #expect(try await status("viewer-key-0123456", "workflows/execute", run) == 403)
            #expect(try await status("submit-key-0123456", "workflows/execute", run) == 200)
            let check: JSONValue = ["node": node("a")]
            #expect(try await status("viewer-key-0123456", "nodes/validate", check) == 200)
        }
    }
}
