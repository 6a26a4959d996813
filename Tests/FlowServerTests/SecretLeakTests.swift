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
