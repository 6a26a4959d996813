import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import TestSupport
import Testing

/// Runs that the server cannot execute for a while: seen and controlled by their clients meanwhile.
@Suite("runs that wait for what they need", .timeLimit(.minutes(1)))
struct RecoveryAPITests {
    /// Options with a backend where the first attempt at a node `a` waits for ever.
    static func options(_ gate: Gate) -> TestServer.Options {
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                if request.node.id == "a", request.attempt == 1 {
                    guard await gate.pass() else { throw CancellationError() }
                }
                return .success(output: .string("\(request.node.id) \(request.attempt)"))
            }
        ]
        return options
    }

    /// Leaves runs of the workflows unfinished and their backend `x` out of the database.
    static func leave(_ runs: [JSONObject], in directory: String, _ gate: Gate) async throws -> [String] {
        var ids: [String] = []
        try await TestServer.with(options(gate), directory: directory) { server in
            let client = server.client
            #expect(try await client.send("POST", "/backends", ["name": "x", "type": "logging"]).status == 201)
            for (index, run) in runs.enumerated() {
                let response = try await client.send("POST", "/workflows", .object(run))
                #expect(response.status == 202, "\(response.text)")
                ids.append(response.json["workflow_id"]?.string ?? "")
                await gate.arrivals(index + 1)
            }
        }
        try await TestServer.forgetBackend("x", in: directory)
        return ids
    }

    @Test("a run whose backend is not there after a start waits for it, and goes on once it is registered again")
    func registeredAgain() async throws {
        let directory = temporaryDirectory()
        let gate = Gate()
        let runs: [JSONObject] = [
            ["workflow": workflow([node("a"), node("b")]), "backend": "x"],
            // Here it is one of the nodes that needs it.
            ["workflow": workflow([node("a"), node("b", "passthrough", nil, ["backend": "x"])])],
        ]
        let ids = try await Self.leave(runs, in: directory, gate)
        try await TestServer.with(Self.options(gate), directory: directory) { server in
            let client = server.client
            for id in ids {
                let waiting = try await client.send("GET", "/workflows/\(id)")
                #expect(waiting.json["status"] == "running" && waiting.json["nodes"]?["a"]?["status"] == "running")
                let events = try await client.send("GET", "/workflows/\(id)/events")
                #expect(events.status == 200 && events.json["complete"] == false)
                #expect(try await client.send("DELETE", "/workflows/\(id)").status == 409)
            }
            #expect(server.service.store.activeRuns == 0)
            // Whoever waits does so until the end, also while nobody drives the run.
            let short = try await client.send("GET", "/workflows/\(ids[0])?wait=1s")
            #expect(short.json["status"] == "running", "\(short.text)")
            async let early = client.send("GET", "/workflows/\(ids[0])?wait=20s")
            #expect(try await client.send("PUT", "/backends/x", ["type": "logging"]).status == 201)
            #expect(try await early.json["status"] == "completed")
            for id in ids {
                let end = try await client.send("GET", "/workflows/\(id)?wait=20s").json
                #expect(end["status"] == "completed" && end["nodes"]?["a"]?["output_data"] == "a 2", "\(end)")
                #expect(end["nodes"]?["b"]?["backend"] == "x")
                #expect(end["nodes"]?["a"]?["attempts"]?[0]?["error"]?["code"] == "lost")
            }
        }
    }

    @Test("a run that waits for its backend can be cancelled, and stays so when the backend comes")
    func cancelledMeanwhile() async throws {
        let directory = temporaryDirectory()
        let gate = Gate()
        let run: JSONObject = ["workflow": workflow([node("a"), node("b")]), "backend": "x"]
        let path = "/workflows/\(try await Self.leave([run], in: directory, gate)[0])"
        try await TestServer.with(Self.options(gate), directory: directory) { server in
            let client = server.client
            let answer = try await client.send("POST", path + "/cancel", ["reason": "it takes too long"])
            #expect(answer.status == 202 && answer.json["cancel_requested_at"]?.string != nil, "\(answer.text)")
            let end = try await client.send("GET", path + "?wait=20s").json
            #expect(end["status"] == "cancelled" && end["error"]?["message"] == "it takes too long")
            #expect(end["nodes"]?["a"]?["status"] == "cancelled" && end["nodes"]?["b"]?["status"] == "cancelled")
            #expect(try await client.send("POST", path + "/cancel").status == 409)
            #expect(try await client.send("PUT", "/backends/x", ["type": "logging"]).status == 201)
            #expect(try await client.send("GET", path).json == end)
            #expect(try await client.send("DELETE", path).status == 204)
        }
    }

    @Test("a full disk refuses submissions with 503, leaves accepted runs readable, and they go on once there is room")
    func fullDisk() async throws {
        let gate = Gate()
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        let large = String(repeating: "x", count: 100_000)
        options.backends = [
            ScriptedBackend { _ in
                _ = await gate.pass()
                return .success(output: .string(large))
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            let body: JSONValue = ["workflow": workflow([node("a"), node("b")]), "input": .string(large)]
            let id = try await client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            try await server.fillDisk(true)
            let headers = ["Idempotency-Key": "k", "Prefer": "wait=20"]
            for _ in 0..<2 {
                let refused = try await client.send("POST", "/workflows", body, headers: headers)
                #expect(refused.status == 503 && refused.isProblem && refused["retry-after"] != nil)
                #expect(refused.json["type"] == "urn:flowcore:problem:unavailable", "\(refused.text)")
            }
            gate.open()
            // The run's own output has no room either: the service waits until it tries again.
            await clock.sleepers(1)
            let left = try await client.send("GET", "/workflows/\(id)")
            #expect(left.status == 200 && left.json["status"] == "running" && left.json["input"] == .string(large))
            let events = try await client.send("GET", "/workflows/\(id)/events").json
            #expect(events["events"]?.array?.count == 3 && events["complete"] == false)
            #expect(try await client.send("GET", "/workflows").json["workflows"]?.array?.count == 1)
            try await server.fillDisk(false)
            clock.advance(by: .seconds(5))
            while try await client.send("GET", "/workflows/\(id)").json["status"] == "running" {}
            let end = try await client.send("GET", "/workflows/\(id)").json
            #expect(end["status"] == "completed" && end["output"] == .string(large))
            // The key of the refused request stands for nothing.
            let taken = try await client.send("POST", "/workflows", body, headers: headers)
            #expect(taken.status == 200 && taken["idempotency-replayed"] == nil, "\(taken.text.prefix(200))")
        }
    }
}
