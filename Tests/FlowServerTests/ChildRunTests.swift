import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

@Suite("runs that nodes start", .timeLimit(.minutes(1)))
struct ChildRunTests {
    static func child(_ definition: JSONValue = "inner", _ more: JSONObject = [:]) -> JSONValue {
        var node: JSONObject = ["node_id": "sub", "type": "workflow", "config": ["definition": definition]]
        for member in more.members { node[member.name] = member.value }
        return .object(node)
    }

    static func define(_ client: TestClient, _ name: String, _ nodes: JSONValue...) async throws {
        let response = try await client.send("PUT", "/definitions/\(name)", ["nodes": .array(nodes)])
        #expect(response.status == 201, "\(response.text)")
    }

    @Test("a node runs a stored definition as a run of its own, linked to it")
    func links() async throws {
        try await TestServer.with { server in
            let client = server.client
            try await Self.define(
                client, "inner",
                node("x", "set", ["value": "${variables.factor * input.n}"]))
            let flow = workflow([
                Self.child(
                    "inner",
                    [
                        "input": ["n": "${input.n}"],
                        "config": [
                            "definition": "inner@1", "variables": ["factor": 3],
                        ],
                    ])
            ])
            let body: JSONValue = ["workflow": flow, "input": ["n": 5], "labels": ["k": "v"]]
            let run = try await client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"]).json
            #expect(run["status"] == "completed" && run["output"] == 15, "\(run)")
            let id = run["nodes"]?["sub"]?["child_workflow_id"]?.string ?? ""
            #expect(run["nodes"]?["sub"]?["metadata"] == ["workflow_id": .string(id)])
            let child = try await client.send("GET", "/workflows/\(id)").json
            #expect(child["definition"] == "inner@1" && child["labels"] == ["k": "v"])
            #expect(child["parent"] == ["workflow_id": run["workflow_id"] ?? .null, "node_id": "sub"])
        }
    }

    @Test("a run that fails fails its node, which can be tried again with another run")
    func failure() async throws {
        try await TestServer.with { server in
            let client = server.client
            try await Self.define(client, "inner", node("x", "fail", ["message": "no"]))
            let run = try await client.run(workflow([Self.child()])).json
            #expect(run["status"] == "failed" && run["error"]?["code"] == "child_failed")
            #expect(run["nodes"]?["sub"]?["error"]?["details"]?["error"]?["code"] == "failed")
            let again = Self.child(
                "inner", ["retry": ["max_attempts": 3, "initial_delay": 0, "retry_on": ["child_failed"]]])
            let retried = try await client.run(workflow([again])).json
            #expect(retried["nodes"]?["sub"]?["attempt"] == 3)
            let list = try await client.send("GET", "/workflows?name=inner").json["workflows"]?.array
            #expect(list?.count == 4)
        }
    }

    @Test("cancelling a run reaches the runs that it started")
    func cancel() async throws {
        let gate = Gate()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { _ in
                guard await gate.pass() else { throw CancellationError() }
                return .success(output: 1)
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.define(client, "inner", node("x"))
            try await Self.define(client, "middle", Self.child())
            let body: JSONValue = ["workflow": workflow([Self.child("middle")])]
            let id = try await client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            #expect(try await client.send("POST", "/workflows/\(id)/cancel").status == 202)
            #expect(try await RunControlTests.wait(client, id)["status"] == "cancelled")
            for name in ["inner", "middle"] {
                let runs = try await client.send("GET", "/workflows?name=\(name)").json["workflows"]
                let child = try await RunControlTests.wait(client, runs?[0]?["workflow_id"]?.string ?? "")
                #expect(child["status"] == "cancelled")
            }
        }
    }

    @Test("after a restart a node waits for the run that it had started, and starts no other")
    func restart() async throws {
        let gate = Gate()
        let directory = temporaryDirectory()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                if request.attempt == 1 {
                    guard await gate.pass() else { throw CancellationError() }
                }
                return .success(output: .string("attempt \(request.attempt)"))
            }
        ]
        let id = try await TestServer.with(options, directory: directory) { server in
            try await Self.define(server.client, "inner", node("x"))
            let body: JSONValue = ["workflow": workflow([Self.child()])]
            let id = try await server.client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            return id
        }
        try await TestServer.with(options, directory: directory) { server in
            let run = try await RunControlTests.wait(server.client, id)
            #expect(run["status"] == "completed" && run["output"] == "attempt 2", "\(run)")
            let list = try await server.client.send("GET", "/workflows?name=inner").json["workflows"]?.array
            #expect(list?.count == 1)
        }
    }

    @Test("a workflow that includes itself ends at the limit of runs above each other")
    func recursion() async throws {
        var options = TestServer.Options()
        options.limits.nesting = 4
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.define(client, "inner", Self.child("inner"))
            let body: JSONValue = ["definition": "inner"]
            let run = try await client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"]).json
            #expect(run["status"] == "failed" && run["error"]?["code"] == "child_failed")
            let list = try await client.send("GET", "/workflows?name=inner").json["workflows"]?.array ?? []
            #expect(list.count == 4 && list.allSatisfy { $0["status"] == "failed" })
            #expect(list.contains { $0["error"]?["code"] == "too_deep" })
        }
    }

    @Test("a definition that there is not is refused with its place")
    func unknown() async throws {
        try await TestServer.with { server in
            let response = try await server.client.send(
                "POST", "/workflows", ["workflow": workflow([node("a"), Self.child("none")])])
            #expect(response.status == 422 && response.places == ["/workflow/nodes/1/config/definition"])
        }
    }

    @Test("a node takes nothing from a run that it has not started, whatever its id is")
    func foreign() async throws {
        try await TestServer.with { server in
            let client = server.client
            try await Self.define(client, "inner", node("x", "set", ["value": "mine"]))
            let id = WorkflowID.child(of: WorkflowID("parent"), node: "sub", number: 0)
            let squatter: JSONValue = [
                "workflow_id": .string(id.rawValue), "workflow": workflow([node("x", "set", ["value": "theirs"])]),
            ]
            #expect(try await client.send("POST", "/workflows", squatter, headers: ["Prefer": "wait=20"]).status == 200)
            let body: JSONValue = ["workflow_id": "parent", "workflow": workflow([Self.child()])]
            let run = try await client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"]).json
            #expect(run["status"] == "failed" && run["nodes"]?["sub"]?["error"]?["code"] == "invalid", "\(run)")
        }
    }

    /// A backend that takes its time over whether it takes a node.
    private final class Slow: Backend {
        let name = BackendName.native
        let type = "slow"
        let capabilities = BackendCapabilities(streaming: false, parallel: true, async: true, distributed: false)
        let nodeTypes: [NodeTypeDescription] = []
        let gate = Gate()
        let takesTime = Mutex(false)

        func validate(_ node: Node) async -> [ValidationIssue] {
            if takesTime.withLock({ $0 }) { _ = await gate.pass() }
            return []
        }

        func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
            .interrupted(prompt: "wait")
        }
    }

    @Test("a run that is about to start when its node is cancelled is cancelled as well")
    func cancelledEarly() async throws {
        let backend = Slow()
        var options = TestServer.Options()
        options.backends = [backend]
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.define(client, "inner", node("x"))
            backend.takesTime.withLock { $0 = true }
            let body: JSONValue = ["workflow": workflow([Self.child()])]
            let id = try await client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            await backend.gate.arrivals(1)
            #expect(try await client.send("POST", "/workflows/\(id)/cancel").status == 202)
            backend.gate.open()
            #expect(try await RunControlTests.wait(client, id)["status"] == "cancelled")
            let runs = try await client.send("GET", "/workflows?name=inner").json["workflows"]
            let child = try await RunControlTests.wait(client, runs?[0]?["workflow_id"]?.string ?? "")
            #expect(child["status"] == "cancelled", "\(child)")
        }
    }

    @Test("variables of a run that a node starts are no larger than outputs may be")
    func variables() async throws {
        var options = TestServer.Options()
        options.limits.payloadBytes = 10_000
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.define(client, "inner", node("x", "set", ["value": 1]))
            let repeated = JSONValue.array(Array(repeating: "${input}", count: 200))
            let sub = Self.child("inner", ["config": ["definition": "inner", "variables": ["v": repeated]]])
            let body: JSONValue = ["workflow": workflow([sub]), "input": .string(String(repeating: "x", count: 1000))]
            let run = try await client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"]).json
            #expect(run["status"] == "failed" && run["error"]?["code"] == "too_large", "\(run["error"] ?? .null)")
        }
    }
}
