import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

/// What finished runs may hold of the memory, and what becomes of those that have to leave.
@Suite("finished runs in memory", .timeLimit(.minutes(1)))
struct MemoryBoundsTests {
    /// Room for a few runs of three nodes.
    static let room = 20_000

    /// Runs a number of workflows, one after the other, and waits until none is live.
    static func finish(_ count: Int, on server: TestServer, _ more: JSONObject = [:]) async throws -> [TestResponse] {
        var finished: [TestResponse] = []
        for index in 0..<count {
            let nodes = [
                node("a"), node("b", "set", ["value": ["index": .integer(Int64(index)), "text": "é\u{1F600}"]]),
                node("c"),
            ]
            let run = try await server.client.run(workflow(nodes), input: ["n": .integer(Int64(index))], more)
            #expect(run.status == 200 && run.json["status"] == "completed", "\(run.text)")
            finished.append(run)
        }
        // A run leaves the live ones a moment after its end can be read.
        try await until { server.service.store.activeRuns == 0 }
        return finished
    }

    static func id(_ run: TestResponse) -> String { run.json["workflow_id"]?.string ?? "" }

    static func isInMemory(_ run: TestResponse, _ server: TestServer) -> Bool {
        server.service.snapshot(of: WorkflowID(id(run))) != nil
    }

    @Test("the oldest leave first, and are read from the disk as they were")
    func eviction() async throws {
        var options = TestServer.Options()
        options.limits.finishedBytes = Self.room
        try await TestServer.with(options) { server in
            let runs = try await Self.finish(20, on: server)
            let held = runs.map { Self.isInMemory($0, server) }
            #expect(held.first == false && held.last == true)
            #expect(held == held.filter { !$0 } + held.filter { $0 }, "those that are held are the newest")
            for run in runs {
                let path = "/workflows/\(Self.id(run))"
                let read = try await server.client.send("GET", path)
                #expect(read.status == 200 && read.json == run.json && read["etag"]?.isEmpty == false)
                let nodes = try await server.client.send("GET", path + "/nodes/b")
                #expect(nodes.json["output_data"] == run.json["output"])
                let events = try await server.client.send("GET", path + "/events")
                #expect(events.json["complete"] == true && events.json["events"]?.array?.count == 9)
                #expect(try await server.client.send("POST", path + "/cancel").status == 409)
            }
            let list = try await server.client.send("GET", "/workflows").json["workflows"]?.array ?? []
            #expect(list.map { $0["workflow_id"]?.string } == runs.reversed().map { Self.id($0) })
            let first = "/workflows/\(Self.id(runs[0]))"
            #expect(try await server.client.send("DELETE", first).status == 204)
            #expect(try await server.client.send("GET", first).status == 404)
        }
    }

    @Test("with no room at all every run is read from the disk")
    func noRoom() async throws {
        var options = TestServer.Options()
        options.limits.finishedBytes = 0
        try await TestServer.with(options) { server in
            let runs = try await Self.finish(3, on: server)
            for run in runs {
                #expect(!Self.isInMemory(run, server))
                #expect(try await server.client.send("GET", "/workflows/\(Self.id(run))").json == run.json)
            }
        }
    }

    @Test("a key stands for its run, also when that has left the memory")
    func replay() async throws {
        var options = TestServer.Options()
        options.limits.finishedBytes = 0
        try await TestServer.with(options) { server in
            let body: JSONValue = ["workflow": workflow([node("a")]), "input": 5]
            let headers = ["Idempotency-Key": "k", "Prefer": "wait=20"]
            let first = try await server.client.send("POST", "/workflows", body, headers: headers)
            try await until { server.service.store.activeRuns == 0 }
            let second = try await server.client.send("POST", "/workflows", body, headers: headers)
            #expect(second.status == 200 && second.json == first.json)
            #expect(second["idempotency-replayed"] == "true")
        }
    }

    @Test("runs in memory alone that have to leave are gone for good")
    func volatile() async throws {
        var options = TestServer.Options()
        options.limits.volatileBytes = Self.room
        try await TestServer.with(options) { server in
            let runs = try await Self.finish(20, on: server, ["durability": "none"])
            let held = runs.map { Self.isInMemory($0, server) }
            #expect(held.first == false && held.last == true)
            for (run, isHeld) in zip(runs, held) {
                let path = "/workflows/\(Self.id(run))"
                for suffix in ["", "/nodes", "/nodes/b", "/events"] {
                    let read = try await server.client.send("GET", path + suffix)
                    #expect(read.status == (isHeld ? 200 : 404) && (isHeld || read.isProblem), "\(suffix)")
                }
                if isHeld { #expect(try await server.client.send("GET", path).json == run.json) }
            }
            let list = try await server.client.send("GET", "/workflows").json["workflows"]?.array ?? []
            #expect(list.count == held.count { $0 })
            #expect(try await server.client.send("DELETE", "/workflows/\(Self.id(runs[0]))").status == 404)
            // What is on the disk has a bound of its own.
            let durable = try await Self.finish(1, on: server)
            #expect(Self.isInMemory(durable[0], server) && Self.isInMemory(runs[19], server))
        }
    }

    @Test("one value that is the input of many nodes is not written for each of them without end")
    func sharedInput() async throws {
        let nodes = [node("root", after: [])] + (0..<40).map { node("n\($0)", "set", after: ["root"], ["value": 1]) }
        try await TestServer.with { server in
            let client = server.client
            let body: JSONValue = [
                "workflow": workflow(nodes), "input": .string(String(repeating: "x", count: 1 << 20)),
            ]
            let run = try await client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"])
            #expect(run.status == 200 && run.body.count < 20 << 20)
            let last = run.json["nodes"]?["n39"]
            #expect(last?["input_data"] == .null && last?["input_omitted"] == true)
            #expect(run.json["nodes"]?["n0"]?["input_omitted"] == nil)
            let id = run.json["workflow_id"]?.string ?? ""
            let alone = try await client.send("GET", "/workflows/\(id)/nodes/n39").json
            #expect(alone["input_data"]?.string?.count == 1 << 20 && alone["input_omitted"] == nil)
            #expect(try await client.send("GET", "/workflows/\(id)/nodes").body.count < 20 << 20)
        }
    }
}
