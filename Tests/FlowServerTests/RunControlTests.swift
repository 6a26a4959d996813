import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("the control of runs", .timeLimit(.minutes(1)))
struct RunControlTests {
    /// Options whose node `slow` waits for the gate; all others have their input as output, under the backend's name.
    static func options(_ gate: Gate) -> TestServer.Options {
        var options = TestServer.Options()
        options.backends = ["native", "second"].map { name in
            ScriptedBackend(name: BackendName(name)) { request in
                if request.node.id == "slow" {
                    guard await gate.pass() else { throw CancellationError() }
                }
                return .success(output: ["by": .string(name), "in": request.input])
            }
        }
        return options
    }

    static func submit(_ client: TestClient, _ nodes: JSONValue...) async throws -> String {
        let response = try await client.send("POST", "/workflows", ["workflow": workflow(nodes), "input": 1])
        #expect(response.status == 202, "\(response.text)")
        return response.json["workflow_id"]?.string ?? ""
    }

    static func wait(_ client: TestClient, _ id: String) async throws -> JSONValue {
        try await client.send("GET", "/workflows/\(id)?wait=20s").json
    }

    @Test("a paused run starts no further node until it is resumed, also over a restart")
    func pause() async throws {
        let gate = Gate()
        let directory = temporaryDirectory()
        let id = try await TestServer.with(Self.options(gate), directory: directory) { server in
            let client = server.client
            let id = try await Self.submit(client, node("slow"), node("after"))
            await gate.arrivals(1)
            let paused = try await client.send("POST", "/workflows/\(id)/pause", [:])
            #expect(paused.status == 202 && paused.json["paused_at"]?.string != nil, "\(paused.text)")
            #expect(paused["location"] == "/workflows/\(id)")
            #expect(try await client.send("POST", "/workflows/\(id)/pause").status == 409)
            gate.open()
            var events = try await server.service.events(of: WorkflowID(id), after: 0)
            while let page = try await events.next() {
                if page.contains(where: { if case .nodeCompleted("slow", _, _, _) = $0.kind { true } else { false } }) {
                    break
                }
            }
            let run = try await client.send("GET", "/workflows/\(id)").json
            #expect(run["nodes"]?["slow"]?["status"] == "completed" && run["nodes"]?["after"]?["status"] == "pending")
            return id
        }
        try await TestServer.with(Self.options(gate), directory: directory) { server in
            let client = server.client
            let run = try await client.send("GET", "/workflows/\(id)").json
            #expect(run["paused_at"]?.string != nil && run["nodes"]?["after"]?["status"] == "pending")
            #expect(try await client.send("POST", "/workflows/\(id)/resume").status == 202)
            let done = try await Self.wait(client, id)
            #expect(done["status"] == "completed" && done["paused_at"] == .null)
            for verb in ["pause", "resume", "cancel"] {
                let late = try await client.send("POST", "/workflows/\(id)/\(verb)")
                #expect(late.status == 409 && late.isProblem, "\(verb): \(late.text)")
            }
            #expect(try await client.send("POST", "/workflows/none/pause").status == 404)
        }
    }

    @Test("a live run moves to another backend between two nodes, and each node tells who ran it")
    func move() async throws {
        let gate = Gate()
        try await TestServer.with(Self.options(gate)) { server in
            let client = server.client
            let id = try await Self.submit(client, node("a"), node("slow"), node("b"))
            await gate.arrivals(1)
            #expect(try await client.send("POST", "/workflows/\(id)/move", ["backend": "native"]).status == 409)
            let unknown = try await client.send("POST", "/workflows/\(id)/move", ["backend": "none"])
            #expect(unknown.status == 422 && unknown.places == ["/backend"], "\(unknown.text)")
            #expect(try await client.send("POST", "/workflows/\(id)/move", [:]).status == 422)
            let moved = try await client.send("POST", "/workflows/\(id)/move", ["backend": "second"])
            #expect(moved.status == 202 && moved.json["backend"] == "second", "\(moved.text)")
            gate.open()
            let run = try await Self.wait(client, id)
            #expect(run["status"] == "completed", "\(run)")
            #expect(run["nodes"]?["slow"]?["backend"] == "native" && run["nodes"]?["b"]?["backend"] == "second")
            #expect(run["output"]?["by"] == "second" && run["output"]?["in"]?["by"] == "native")
            #expect(try await client.send("POST", "/workflows/\(id)/move", ["backend": "native"]).status == 409)
        }
    }

    @Test(
        "a move to a backend that lacks what the workflow, or its submission, needs is refused and changes nothing",
        arguments: [true, false])
    func needs(ofWorkflow: Bool) async throws {
        let gate = Gate()
        var options = Self.options(gate)
        options.backends?.append(
            ScriptedBackend(
                name: "poor",
                capabilities: BackendCapabilities(streaming: false, parallel: false, async: true, distributed: false)
            ) { _ in .success(output: 1) })
        try await TestServer.with(options) { server in
            let client = server.client
            var document: JSONObject = ["name": "w", "nodes": [node("slow"), node("b")]]
            if ofWorkflow { document["requires"] = ["parallel"] }
            var body: JSONObject = ["workflow": .object(document)]
            if !ofWorkflow { body["requires"] = ["parallel"] }
            let id = try await client.send("POST", "/workflows", .object(body)).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            let before = try await client.send("GET", "/workflows/\(id)").json
            let refused = try await client.send("POST", "/workflows/\(id)/move", ["backend": "poor"])
            #expect(refused.status == 422 && refused.details.contains("parallel"), "\(refused.text)")
            #expect(try await client.send("GET", "/workflows/\(id)").json == before)
            gate.open()
            #expect(try await Self.wait(client, id)["nodes"]?["b"]?["backend"] == "native")
            let rerun = try await client.send("POST", "/workflows/\(id)/rerun", ["backend": "poor"])
            #expect(rerun.status == 422 && rerun.details.contains("parallel"), "\(rerun.text)")
        }
    }

    @Test("a move to whichever backend can run the workflow names one that there is")
    func automatic() async throws {
        let gate = Gate()
        try await TestServer.with(Self.options(gate)) { server in
            let client = server.client
            let body: JSONValue = ["workflow": workflow([node("slow"), node("b")]), "backend": "second"]
            let id = try await client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            let moved = try await client.send("POST", "/workflows/\(id)/move", ["backend": "auto"])
            #expect(moved.status == 202 && moved.json["backend"] == "native", "\(moved.text)")
            gate.open()
            let run = try await Self.wait(client, id)
            #expect(run["status"] == "completed" && run["nodes"]?["b"]?["backend"] == "native", "\(run)")
        }
    }

    @Test("a rerun takes over what had completed, and executes the rest with its own input")
    func rerun() async throws {
        let gate = Gate()
        gate.open()
        let options = Self.options(gate)
        try await TestServer.with(options) { server in
            let client = server.client
            let first = try await Self.submit(client, node("a"), node("b"), node("c"))
            let earlier = try await Self.wait(client, first)
            let response = try await client.send(
                "POST", "/workflows/\(first)/rerun", ["from": "b", "input": 2, "backend": "second"],
                headers: ["Idempotency-Key": "k"])
            #expect(response.status == 202, "\(response.text)")
            let id = response.json["workflow_id"]?.string ?? ""
            let run = try await Self.wait(client, id)
            #expect(run["status"] == "completed" && run["rerun_of"] == ["workflow_id": .string(first), "from": "b"])
            #expect(run["input"] == 2 && run["execution_path"] == ["b", "c"])
            #expect(run["nodes"]?["a"]?["output_data"] == earlier["nodes"]?["a"]?["output_data"])
            #expect(run["nodes"]?["b"]?["backend"] == "second" && run["nodes"]?["a"]?["attempts"] == [])
            let again = try await client.send(
                "POST", "/workflows/\(first)/rerun", ["from": "b", "input": 2, "backend": "second"],
                headers: ["Idempotency-Key": "k"])
            #expect(again.json["workflow_id"]?.string == id && again["idempotency-replayed"] == "true")
            // The key stands for a rerun of this run; of another one it is another request.
            let other = try await client.send(
                "POST", "/workflows/\(id)/rerun", ["from": "b", "input": 2, "backend": "second"],
                headers: ["Idempotency-Key": "k"])
            #expect(other.status == 422 && other.isProblem, "\(other.text)")
            let whole = try await client.send("POST", "/workflows/\(first)/rerun")
            let repeated = try await Self.wait(client, whole.json["workflow_id"]?.string ?? "")
            #expect(repeated["execution_path"] == ["a", "b", "c"] && repeated["input"] == 1)
            let unknown = try await client.send("POST", "/workflows/\(first)/rerun", ["from": "x"])
            #expect(unknown.status == 422 && unknown.places == ["/from"], "\(unknown.text)")
            #expect(try await client.send("POST", "/workflows/none/rerun").status == 404)
        }
    }

    @Test("a rerun takes over why a node failed that did not fail the run")
    func rerunAfterFailure() async throws {
        let directory = temporaryDirectory()
        let nodes: [JSONValue] = [
            ["node_id": "a", "type": "fail", "config": ["message": "no"], "on_error": "continue"],
            node("b", "set", ["value": "${nodes.a.error.message} ${nodes.a.attempt}"]),
        ]
        let id = try await TestServer.with(directory: directory) { server in
            let run = try await server.client.run(workflow(nodes)).json
            #expect(run["output"] == "no 1")
            let path = "/workflows/\(run["workflow_id"]?.string ?? "")/rerun"
            let again = try await server.client.send("POST", path, ["from": "b"])
            let id = again.json["workflow_id"]?.string ?? ""
            #expect(try await Self.wait(server.client, id)["output"] == "no 1")
            return id
        }
        // What was taken over is in the journal.
        try await TestServer.with(directory: directory) { server in
            let run = try await server.client.send("GET", "/workflows/\(id)").json
            #expect(run["nodes"]?["a"]?["status"] == "failed" && run["nodes"]?["a"]?["error"]?["message"] == "no")
        }
    }

    @Test("a run that has not ended is not rerun")
    func rerunOfLive() async throws {
        let gate = Gate()
        try await TestServer.with(Self.options(gate)) { server in
            let id = try await Self.submit(server.client, node("slow"))
            await gate.arrivals(1)
            #expect(try await server.client.send("POST", "/workflows/\(id)/rerun").status == 409)
            gate.open()
        }
    }

    @Test("of a cancellation and an end one wins, and the other is told so", arguments: 1...20)
    func race(round: Int) async throws {
        let gate = Gate()
        try await TestServer.with(Self.options(gate)) { server in
            let client = server.client
            let id = try await Self.submit(client, node("slow"))
            await gate.arrivals(1)
            async let cancel = client.send("POST", "/workflows/\(id)/cancel")
            gate.open()
            let response = try await cancel
            let status = try await Self.wait(client, id)["status"]
            #expect(
                response.status == 202 && (status == "cancelled" || status == "completed")
                    || response.status == 409 && status == "completed")
            if response.status == 202 { #expect(status == "cancelled") }
        }
    }
}
