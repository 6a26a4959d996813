import FlowCore
import FlowEngine
import FlowJSON
import TestSupport
import Testing

@Suite("runs of stored definitions", .timeLimit(.minutes(1)))
struct DefinitionRunTests {
    static func document(_ value: JSONValue) -> JSONValue { ["nodes": [node("a", "set", ["value": value])]] }

    /// Calls `body` with a server that has two versions of `hello`, whose outputs are 1 and 2.
    static func with(directory: String = temporaryDirectory(), _ body: (TestServer) async throws -> Void) async throws {
        try await TestServer.with(directory: directory) { server in
            for value in [1, 2] as [JSONValue] {
                #expect(try await server.client.send("PUT", "/definitions/hello", document(value)).status == 201)
            }
            try await body(server)
        }
    }

    static func run(
        _ client: TestClient, _ definition: JSONValue, _ more: JSONObject = [:], headers: [String: String] = [:]
    ) async throws -> TestResponse {
        var body: JSONObject = ["definition": definition]
        for member in more.members { body[member.name] = member.value }
        let headers = headers.merging(["Prefer": "wait=20"]) { $1 }
        return try await client.send("POST", "/workflows", .object(body), headers: headers)
    }

    @Test("a name runs the latest version, a version runs itself, and the run tells which it was, also after a restart")
    func submissions() async throws {
        let directory = temporaryDirectory()
        var runs: [TestResponse] = []
        try await Self.with(directory: directory) { server in
            let client = server.client
            for (definition, output, version) in [
                ("hello", 2, "hello@2"), ("hello@1", 1, "hello@1"), ("hello@2", 2, "hello@2"),
            ] as [(JSONValue, JSONValue, JSONValue)] {
                let run = try await Self.run(client, definition, ["input": 7, "labels": ["k": "v"]])
                #expect(run.status == 200 && run.json["output"] == output, "\(run.text)")
                #expect(run.json["definition"] == version && run.json["name"] == "hello")
                #expect(run.json["input"] == 7 && run.json["labels"] == ["k": "v"])
                runs.append(run)
                let events = try await client.send("GET", "\(run["location"] ?? "")/events").json["events"]
                #expect(events?[0]?["definition"] == version && events?[0]?["workflow"]?["name"] == "hello")
            }
            #expect(try await client.run(workflow([node("a")])).json["definition"] == .null)
            let minimal = try await Self.run(client, "hello", headers: ["Prefer": "return=minimal"])
            #expect(minimal.json["definition"] == "hello@2")
            let volatile = try await Self.run(client, "hello@1", ["durability": "none"])
            #expect(volatile.json["definition"] == "hello@1")
            for (query, count) in [("hello", 5), ("hello%401", 2), ("hello@2", 3), ("hello@3", 0), ("other", 0)] {
                let list = try await client.send("GET", "/workflows?definition=\(query)").json["workflows"]?.array
                #expect(list?.count == count, "\(query)")
                #expect(list?.allSatisfy { $0["definition"]?.string?.hasPrefix("hello@") == true } == true)
            }
            // The definition goes; its runs stay.
            #expect(try await client.send("DELETE", "/definitions/hello").status == 204)
            #expect(try await client.send("GET", runs[0]["location"] ?? "").json == runs[0].json)
        }
        try await TestServer.with(directory: directory) { server in
            for run in runs { #expect(try await server.client.send("GET", run["location"] ?? "").json == run.json) }
            let list = try await server.client.send("GET", "/workflows?definition=hello@1").json["workflows"]?.array
            #expect(list?.map { $0["workflow_id"] } == [runs[1].json["workflow_id"]])
        }
    }

    @Test("a run that is under way goes on when its definition is removed, and after the next start")
    func removal() async throws {
        let directory = temporaryDirectory()
        var path = ""
        try await TestServer.with(directory: directory) { server in
            let client = server.client
            let slow: JSONValue = ["nodes": [node("a", "delay", ["duration": "1s"]), node("b", "set", ["value": 5])]]
            #expect(try await client.send("PUT", "/definitions/slow", slow).status == 201)
            let run = try await client.send("POST", "/workflows", ["definition": "slow"])
            path = run["location"] ?? ""
            #expect(run.status == 202 && run.json["definition"] == "slow@1", "\(run.text)")
            #expect(try await client.send("DELETE", "/definitions/slow").status == 204)
        }
        try await TestServer.with(directory: directory) { server in
            let end = try await server.client.send("GET", path + "?wait=30s")
            #expect(end.json["status"] == "completed" && end.json["output"] == 5, "\(end.text)")
            #expect(end.json["definition"] == "slow@1")
        }
    }

    @Test("an idempotency key replays the run of a definition that has changed or gone since")
    func idempotency() async throws {
        try await Self.with { server in
            let client = server.client
            let key = ["Idempotency-Key": "k"]
            let first = try await Self.run(client, "hello", headers: key)
            #expect(first.json["definition"] == "hello@2")
            #expect(try await client.send("PUT", "/definitions/hello", Self.document(3)).status == 201)
            let second = try await Self.run(client, "hello", headers: key)
            #expect(second.json == first.json && second["idempotency-replayed"] == "true")
            #expect(try await client.send("DELETE", "/definitions/hello").status == 204)
            let third = try await Self.run(client, "hello", headers: key)
            #expect(third.status == 200 && third.json == first.json && third["idempotency-replayed"] == "true")
            // A refusal takes no key.
            let other = ["Idempotency-Key": "other"]
            #expect(try await Self.run(client, "hello", headers: other).status == 422)
            #expect(try await client.send("PUT", "/definitions/hello", Self.document(4)).status == 201)
            #expect(try await Self.run(client, "hello", headers: other).json["definition"] == "hello@4")
        }
    }

    static let refused: [(body: JSONValue, places: [String], details: [String])] = [
        ([:], [""], ["one of the fields \"workflow\" and \"definition\""]),
        (["definition": "hello", "workflow": workflow([node("a")])], ["/definition"], ["not both"]),
        (
            ["definition": "ghost"], ["/definition"],
            ["there is no definition \"ghost\"", "there are \"hello\", \"odd\""]
        ),
        (["definition": "ghost@1"], ["/definition"], ["there is no definition \"ghost\"", "\"hello\""]),
        (["definition": "hello@3"], ["/definition"], ["there is no version 3 of \"hello\"; the latest is 2"]),
        (["definition": .null], ["/definition"], ["NAME@VERSION"]), (["definition": 1], ["/definition"], ["found 1"]),
        (["definition": "hello@0"], ["/definition"], ["NAME@VERSION"]),
        (["definition": "hello@latest"], ["/definition"], ["NAME@VERSION"]),
        (["definition": "a b"], ["/definition"], ["NAME@VERSION"]),
        (["definition": "ghost", "odd": 1, "backend": "none"], ["/backend", "/definition", "/odd"], ["ghost"]),
        (["definition": "hello", "requires": ["teleport"]], ["/requires/0"], ["teleport"]),
        (["definition": "hello", "backend": "none"], ["/backend"], ["\"native\""]),
        (
            ["definition": "odd"], ["/definition"],
            ["in \"odd@1\" at /nodes/0/backend: there is no backend \"audited\"; there are \"native\""]
        ),
        (["definition": "odd@1", "variables": 1], ["/variables"], []),
    ]

    @Test(
        "a definition that cannot be run is refused at the place of its name, and starts nothing",
        arguments: refused.indices)
    func refusals(index: Int) async throws {
        let (body, places, details) = Self.refused[index]
        try await Self.with { server in
            let client = server.client
            // A definition whose backend has gone since.
            #expect(try await client.send("POST", "/backends", ["name": "audited", "type": "logging"]).status == 201)
            let odd: JSONValue = ["nodes": [node("a", "passthrough", after: nil, nil, ["backend": "audited"])]]
            #expect(try await client.send("PUT", "/definitions/odd", odd).status == 201)
            #expect(try await client.send("DELETE", "/backends/audited").status == 204)
            for path in ["/workflows", "/workflows/match"] {
                // Matching tells of each backend what it lacks, and refuses what is no submission.
                let isMatched = path == "/workflows/match" && ["/requires/0", "/definition"].contains(places[0])
                let response = try await client.send("POST", path, body)
                if isMatched, response.status == 200 {
                    let unmet = response.json["backends"]?[0]?["unmet"]?.array ?? []
                    #expect(unmet.map { $0["pointer"]?.string } == places, "\(response.text)")
                    for detail in details { #expect(unmet[0]["detail"]?.string?.contains(detail) == true) }
                    continue
                }
                #expect(response.status == 422 && response.isProblem, "\(path): \(response.text)")
                #expect(response.places.sorted() == places, "\(path): \(response.text)")
                for detail in details { #expect(response.details.contains(detail), "\(path): \(response.text)") }
            }
            #expect(try await client.send("GET", "/workflows").json["workflows"] == [])
        }
    }

    @Test("a definition is matched against the backends as its workflow would be")
    func matching() async throws {
        try await Self.with { server in
            let client = server.client
            for definition in ["hello", "hello@1"] as [JSONValue] {
                let fine = try await client.send("POST", "/workflows/match", ["definition": definition])
                #expect(
                    fine.json["backends"]?[0] == ["backend": "native", "accepted": true, "healthy": true, "unmet": []])
            }
            #expect(try await client.send("POST", "/workflows/match", ["definition": "ghost"]).status == 422)
            let auto = try await Self.run(client, "hello", ["backend": "auto"])
            #expect(auto.json["backend"] == "native" && auto.json["definition"] == "hello@2")
        }
    }

    @Test("what was stored under larger bounds is refused by name, not lost")
    func shrunkBounds() async throws {
        let directory = temporaryDirectory()
        try await TestServer.with(directory: directory) { server async throws in
            let large: JSONValue = ["nodes": [node("a"), node("b"), node("c")]]
            #expect(try await server.client.send("PUT", "/definitions/large", large).status == 201)
        }
        var options = TestServer.Options()
        options.limits.workflow.nodes = 2
        try await TestServer.with(options, directory: directory) { server in
            let client = server.client
            let run = try await client.send("POST", "/workflows", ["definition": "large"])
            #expect(run.status == 422 && run.places == ["/definition"], "\(run.text)")
            #expect(run.details.contains("at /nodes: 3 nodes are more than the limit of 2"), "\(run.text)")
            #expect(try await client.send("GET", "/definitions/large").status == 200)
        }
    }
}
