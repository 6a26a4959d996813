import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("nodes that wait for an answer", .timeLimit(.minutes(1)))
struct InterruptTests {
    static let approval: JSONValue = workflow([
        ["node_id": "ask", "type": "approval", "config": ["prompt": ["order": "${input.order}"]]],
        ["node_id": "after", "type": "set", "config": ["value": ["was": "${nodes.ask.output.ok}"]]],
    ])

    /// A run that waits, as soon as it does.
    static func waiting(_ server: TestServer, _ workflow: JSONValue) async throws -> String {
        let body: JSONValue = ["workflow": workflow, "input": ["order": 7]]
        let response = try await server.client.send("POST", "/workflows", body)
        #expect(response.status == 202, "\(response.text)")
        let id = response.json["workflow_id"]?.string ?? ""
        var events = try await server.service.events(of: WorkflowID(id), after: 0)
        while let page = try await events.next() {
            if page.contains(where: { $0.kind == .workflowInterrupted }) { break }
        }
        return id
    }

    @Test("an approval waits over a restart, shows its prompt, and completes with the answer")
    func answer() async throws {
        let directory = temporaryDirectory()
        let id = try await TestServer.with(directory: directory) { server in
            let id = try await Self.waiting(server, Self.approval)
            let run = try await server.client.send("GET", "/workflows/\(id)").json
            #expect(run["status"] == "interrupted" && run["nodes"]?["ask"]?["status"] == "interrupted")
            #expect(run["nodes"]?["ask"]?["interrupt"] == ["prompt": ["order": 7], "deadline": .null])
            return id
        }
        try await TestServer.with(directory: directory) { server in
            let client = server.client
            let path = "/workflows/\(id)/nodes/ask/resume"
            #expect(try await client.send("GET", "/workflows?status=interrupted").json["workflows"]?.array?.count == 1)
            let response = try await client.send("POST", path, ["output": ["ok": true]])
            #expect(response.status == 202, "\(response.text)")
            let run = try await RunControlTests.wait(client, id)
            #expect(run["status"] == "completed" && run["output"] == ["was": true])
            #expect(run["nodes"]?["ask"]?["interrupt"] == .null)
            let late = try await client.send("POST", path, ["output": 1])
            #expect(late.status == 409 && late.isProblem)
        }
    }

    @Test("of two answers one wins, and the other is told so", arguments: 1...10)
    func race(round: Int) async throws {
        try await TestServer.with { server in
            let client = server.client
            let id = try await Self.waiting(server, Self.approval)
            let path = "/workflows/\(id)/nodes/ask/resume"
            async let first = client.send("POST", path, ["output": ["ok": 1]])
            async let second = client.send("POST", path, ["output": ["ok": 2]])
            let statuses = try await [first.status, second.status]
            #expect(statuses.sorted() == [202, 409])
            let run = try await RunControlTests.wait(client, id)
            #expect(run["output"] == ["was": .integer(statuses[0] == 202 ? 1 : 2)])
        }
    }

    @Test("an answer can be an error, which the node's policies take up")
    func rejection() async throws {
        try await TestServer.with { server in
            let client = server.client
            let id = try await Self.waiting(server, Self.approval)
            let path = "/workflows/\(id)/nodes/ask/resume"
            #expect(try await client.send("POST", path, ["error": ["message": "no"]]).status == 202)
            let run = try await RunControlTests.wait(client, id)
            #expect(run["status"] == "failed" && run["error"]?["code"] == "rejected")
            let tolerant = workflow([
                ["node_id": "ask", "type": "approval", "on_error": ["continue_with": ["ok": "${error.message}"]]],
                ["node_id": "after", "type": "passthrough"],
            ])
            let other = try await Self.waiting(server, tolerant)
            let error: JSONValue = ["error": ["message": "never", "code": "mine", "details": [1]]]
            #expect(try await client.send("POST", "/workflows/\(other)/nodes/ask/resume", error).status == 202)
            #expect(try await RunControlTests.wait(client, other)["output"] == ["ok": "never"])
        }
    }

    static let bad: [(body: JSONValue, place: String)] = [
        ([:], ""), (["output": 1, "error": ["message": "m"]], ""), (["error": [:]], "/error"),
        (["error": "x"], "/error"), (["output": 1, "odd": 2], "/odd"),
        (["error": ["message": "m", "odd": 1]], "/error/odd"),
        (["error": ["message": "m", "retriable": "yes"]], "/error/retriable"),
    ]

    @Test("an answer that is none is refused with its place, and the node goes on waiting", arguments: bad.indices)
    func refused(index: Int) async throws {
        try await TestServer.with { server in
            let client = server.client
            let id = try await Self.waiting(server, Self.approval)
            let response = try await client.send("POST", "/workflows/\(id)/nodes/ask/resume", Self.bad[index].body)
            #expect(response.status == 422 && response.isProblem)
            #expect(response.places.contains(Self.bad[index].place), "\(response.text)")
            #expect(try await client.send("GET", "/workflows/\(id)").json["status"] == "interrupted")
            #expect(try await client.send("POST", "/workflows/\(id)/nodes/none/resume", ["output": 1]).status == 404)
            #expect(try await client.send("POST", "/workflows/\(id)/nodes/after/resume", ["output": 1]).status == 409)
        }
    }

    @Test("a node that asks waits no longer than the time for all its attempts")
    func total() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        options.backends = [ScriptedBackend { _ in .interrupted(prompt: "well?") }]
        try await TestServer.with(options) { server in
            let client = server.client
            let id = try await Self.waiting(
                server, workflow([["node_id": "q", "type": "ask", "total_timeout": "1h"]]))
            let shown = try await client.send("GET", "/workflows/\(id)/nodes/q").json
            #expect(shown["interrupt"]?["deadline"]?.string != nil, "\(shown)")
            clock.advance(by: .seconds(3600))
            let run = try await RunControlTests.wait(client, id)
            #expect(run["status"] == "failed" && run["error"]?["code"] == "timeout", "\(run)")
        }
    }

    @Test("a node of any type can ask, also in a body, and is answered by its address")
    func inBody() async throws {
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                request.node.type == "ask"
                    ? .interrupted(prompt: ["item": request.input]) : .success(output: request.input)
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            let flow = workflow([
                [
                    "node_id": "each", "type": "for_each",
                    "config": ["items": [10, 20], "nodes": [["node_id": "q", "type": "ask"]]],
                ]
            ])
            let id = try await Self.waiting(server, flow)
            for (index, answer) in [(1, "b"), (0, "a")] as [(Int, JSONValue)] {
                let address = "each%5B\(index)%5D.q"
                let shown = try await client.send("GET", "/workflows/\(id)/nodes/\(address)")
                #expect(shown.json["status"] == "interrupted", "\(shown.text)")
                let item: JSONValue = ["item": .integer(index == 0 ? 10 : 20)]
                #expect(shown.json["interrupt"]?["prompt"] == item)
                let path = "/workflows/\(id)/nodes/\(address)/resume"
                #expect(try await client.send("POST", path, ["output": answer]).status == 202)
            }
            #expect(try await RunControlTests.wait(client, id)["output"] == ["a", "b"])
        }
    }
}
