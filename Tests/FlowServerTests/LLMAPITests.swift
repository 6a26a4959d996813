import FlowCore
import FlowJSON
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("the API with llm nodes", .timeLimit(.minutes(1)))
struct LLMAPITests {
    /// The one secret, which no answer may show.
    private static let key = "sk-live-42"

    private static func options() -> TestServer.Options {
        var options = TestServer.Options()
        options.secrets = Secrets(["openai": key])
        return options
    }

    /// A node that asks the service, with more configuration.
    private static func ask(_ service: FakeChatService, _ more: JSONObject = [:], rules: JSONObject = [:]) -> JSONValue
    {
        var config: JSONObject = [
            "model": "fake-1", "prompt": "say ${input.word}", "base_url": .string(service.url),
            "api_key": "${secrets.openai}",
        ]
        for member in more.members { config[member.name] = member.value }
        return node("ask", "llm", .object(config), rules)
    }

    @Test("chunks are events of the run while it runs, in order and with ids, as a stream and as JSON")
    func chunks() async throws {
        let gate = Gate()
        let pieces = ["é", "🐱 ", "two", " three"]
        let steps: [ChatReply.Step] = [.piece(pieces[0]), .wait(gate)] + pieces.dropFirst().map { .piece($0) }
        let reply = ChatReply(steps + ChatReply.ending())
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let body: JSONValue = [
                    "workflow": workflow([Self.ask(service)]), "input": ["word": "it"], "requires": ["streaming"],
                ]
                let path = try await server.client.send("POST", "/workflows", body)["location"] ?? ""
                let connection = try await RawConnection(port: server.client.port)
                await connection.send(
                    "GET \(path)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n")
                let reader = ResponseReader(connection)
                _ = await reader.head()
                var text = ""
                // The first piece is there before the service says the next one.
                while !text.contains("event: chunk"), let part = await reader.chunk() {
                    text += String(decoding: part, as: UTF8.self)
                }
                gate.open()
                while let part = await reader.chunk() { text += String(decoding: part, as: UTF8.self) }
                let streamed = EventAPITests.events(text)
                let types =
                    ["workflow_submitted", "workflow_started", "node_started"]
                    + pieces.map { _ in "chunk" } + ["node_completed", "workflow_completed", "end"]
                #expect(streamed.map(\.type) == types)
                #expect(streamed.dropLast().map(\.id) == (1..<types.count).map { "\($0)" })

                let page = try await server.client.send("GET", "\(path)/events").json
                let chunks = (page["events"]?.array ?? []).filter { $0["type"] == "chunk" }
                #expect(chunks.map { $0["chunk"] } == pieces.map { ["content": .string($0)] })
                #expect(chunks.map { $0["position"] } == [4, 5, 6, 7])
                #expect(chunks.allSatisfy { $0["node_id"] == "ask" && $0["attempt"] == 1 })

                let run = try await server.client.send("GET", "\(path)?wait=20").json
                #expect(run["output"] == ["content": .string(pieces.joined()), "finish_reason": "stop"])
                #expect(
                    run["nodes"]?["ask"]?["metadata"] == [
                        "model": "fake-1-0613", "finish_reason": "stop", "usage": ChatReply.usage,
                    ])
                #expect(service.requests.first?["authorization"] == "Bearer \(Self.key)")
                #expect(service.requests.first?.body["messages"]?[0]?["content"] == "say it")
                for shown in [text, "\(page)", "\(run)"] { #expect(!shown.contains(Self.key)) }
            }
        }
    }

    @Test("what a model answers by a schema is read by the nodes behind it")
    func schema() async throws {
        try await FakeChatService.with {
            .answer("{\"score\":7}", to: $0)
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let twice = node("twice", "set", ["value": "${nodes.ask.output.content.score * 2}"])
                let schema: JSONObject = ["response_schema": ["type": "object"]]
                let run = try await server.client.run(
                    workflow([Self.ask(service, schema), twice]), input: ["word": "x"])
                #expect(run.json["output"] == 14, "\(run.text)")
            }
        }
    }

    @Test("a service that is busy is asked again, and one that refuses the key is not")
    func retries() async throws {
        let busy = ChatReply.error(429, "slow down, \(Self.key)", type: "rate_limit")
        let denied = ChatReply.error(401, "wrong key \(Self.key)", type: "auth", code: "invalid_api_key")
        for (reply, code, count) in [(busy, "http_status", 3), (denied, "forbidden", 1)] {
            try await FakeChatService.with { _ in
                reply
            } _: { service in
                try await TestServer.with(Self.options()) { server in
                    let rules: JSONObject = ["retry": ["max_attempts": 3, "initial_delay": "1ms"]]
                    let run = try await server.client.run(
                        workflow([Self.ask(service, rules: rules)]), input: ["word": "x"])
                    #expect(run.json["status"] == "failed" && service.requests.count == count)
                    #expect(run.json["nodes"]?["ask"]?["error"]?["code"] == .string(code))
                    #expect(!run.text.contains(Self.key))
                    #expect(Set(service.requests.map { $0["idempotency-key"] }).count == count)
                }
            }
        }
    }

    @Test("the key is in no log, however much is logged and whatever the service says")
    func logs() async throws {
        let keeper = LogKeeper()
        var options = Self.options()
        options.makeLogger = { keeper.logger($0) }
        let said = "you sent \(Self.key)"
        let replies = [
            ChatReply.streamed([said]), .error(500, said, type: said),
            .error(401, said, type: said, code: .string(said)),
            ChatReply([.event(["error": ["message": .string(said)]])]),
        ]
        for reply in replies {
            try await FakeChatService.with { _ in
                reply
            } _: { service in
                try await TestServer.with(options) { server in
                    let logging: JSONValue = ["name": "audited", "type": "logging", "config": ["log_level": "trace"]]
                    #expect(try await server.client.send("POST", "/backends", logging).status == 201)
                    let run = try await server.client.run(
                        workflow([Self.ask(service)]), input: ["word": "x"], ["backend": "audited"])
                    #expect(service.requests.count == 1 && !run.text.contains(Self.key), "\(run.text)")
                }
            }
        }
        let entries = keeper.all
        #expect(entries.contains { $0.metadata["output"]?.contains("you sent [redacted]") == true })
        #expect(entries.filter { $0.message == "node failed" }.count == 3)
        for entry in entries { #expect(!"\(entry)".contains(Self.key)) }
    }

    @Test("a run that is cancelled closes the connection to the service")
    func cancelled() async throws {
        let reply = ChatReply([.piece("a"), .wait(Gate())])
        try await FakeChatService.with { _ in
            reply
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let body: JSONValue = ["workflow": workflow([Self.ask(service)]), "input": ["word": "x"]]
                let path = try await server.client.send("POST", "/workflows", body)["location"] ?? ""
                try await until { !service.requests.isEmpty }
                _ = try await server.client.send("POST", "\(path)/cancel")
                _ = await service.left.pass()
                let run = try await server.client.send("GET", "\(path)?wait=20").json
                #expect(run["status"] == "cancelled")
            }
        }
    }

    @Test("a configuration is checked when it is submitted, and what is templated when the node runs")
    func validation() async throws {
        try await FakeChatService.with {
            .answer("ok", to: $0)
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let wrong: JSONObject = [
                    "temperature": 3, "top_p": "${input.p}", "stop": ["${input.word}", ""], "odd": true,
                    "api_key": "${secrets.openai",
                ]
                let refused = try await server.client.run(workflow([Self.ask(service, wrong)]))
                let config = "/workflow/nodes/0/config/"
                #expect(refused.status == 422 && refused.places.contains(config + "api_key"), "\(refused.text)")
                var other = wrong
                other["api_key"] = nil
                let rest = try await server.client.run(workflow([Self.ask(service, other)]))
                #expect(rest.places.sorted() == ["odd", "stop/1", "temperature"].map { config + $0 }, "\(rest.text)")

                let templated: JSONObject = ["top_p": "${input.p}", "messages": "${input.messages}"]
                var ask = Self.ask(service, templated).object ?? [:]
                var fields = ask["config"]?.object ?? [:]
                fields["prompt"] = nil
                ask["config"] = .object(fields)
                let messages: JSONValue = [["role": "user", "content": "hi"]]
                let fine = try await server.client.run(
                    workflow([.object(ask)]), input: ["p": 0.5, "messages": messages])
                #expect(fine.json["output"]?["content"] == "ok", "\(fine.text)")
                #expect(
                    service.requests.last?.body["messages"] == messages && service.requests.last?.body["top_p"] == 0.5)
                let late = try await server.client.run(workflow([.object(ask)]), input: ["p": 2, "messages": []])
                let error = late.json["nodes"]?["ask"]?["error"]
                #expect(error?["code"] == "invalid" && error?["retriable"] == false)
                for place in ["/top_p", "/messages"] { #expect(error?["message"]?.string?.contains(place) == true) }
            }
        }
    }

    /// The workflow of the documentation, whose nodes ask a service that is there.
    private static func documented(_ service: FakeChatService) throws -> JSONValue {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/llm.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let block = text.components(separatedBy: "```json\n").dropFirst().first?.components(separatedBy: "```").first
        var workflow = try JSONParser.parse(block ?? "").object ?? [:]
        workflow["nodes"] = .array(
            (workflow["nodes"]?.array ?? []).map { node in
                var node = node.object ?? [:]
                var config = node["config"]?.object ?? [:]
                config["base_url"] = .string(service.url)
                node["config"] = .object(config)
                return .object(node)
            })
        return .object(workflow)
    }

    @Test("the workflow of the documentation runs as it is written", arguments: ["complaint", "order"])
    func documentation(kind: String) async throws {
        try await FakeChatService.with { request in
            request.body["response_format"] == nil
                ? .answer("We are sorry.", to: request)
                : .answer("{\"kind\":\"\(kind)\",\"urgent\":false}", to: request)
        } _: { service in
            try await TestServer.with(Self.options()) { server in
                let run = try await server.client.run(Self.documented(service), input: ["mail": "Where is it?"])
                let reply: JSONValue = kind == "complaint" ? "We are sorry." : .null
                #expect(run.json["output"] == ["kind": .string(kind), "reply": reply], "\(run.text)")
                #expect(service.requests.count == (kind == "complaint" ? 2 : 1))
            }
        }
    }
}
