import FlowEngine
import FlowJSON
import TestSupport
import Testing

@Suite("what the API takes at all", .timeLimit(.minutes(1)))
struct AdmissionAPITests {
    @Test("more active runs than the limit are refused with a time to come back, and taken once one has ended")
    func activeRuns() async throws {
        var options = TestServer.Options()
        options.limits.activeRuns = 1
        try await TestServer.with(options) { server in
            let client = server.client
            let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]
            let quick: JSONValue = ["workflow": workflow([node("a")])]
            let first = try await client.send("POST", "/workflows", slow)
            #expect(first.status == 202)
            let headers = ["Idempotency-Key": "again", "Prefer": "wait=20"]
            let refused = try await client.send("POST", "/workflows", quick, headers: headers)
            #expect(refused.status == 429 && refused.isProblem, "\(refused.text)")
            #expect(refused.json["type"] == "urn:flowcore:problem:overloaded")
            #expect(refused["retry-after"].flatMap { Int($0) }.map { $0 >= 1 } == true)
            // Reading and matching go on, and the refused run is not there.
            #expect(try await client.send("POST", "/workflows/match", quick).status == 200)
            #expect(try await client.send("GET", "/workflows").json["workflows"]?.array?.count == 1)
            #expect(try await client.send("GET", "/limits").json["max_active_runs"] == 1)

            let id = first.json["workflow_id"]?.string ?? ""
            #expect(try await client.send("POST", "/workflows/\(id)/cancel").status == 202)
            #expect(try await client.send("GET", "/workflows/\(id)?wait=30s").json["status"] == "cancelled")
            // The place is free a moment after the end can be read; the key of a refused request stands for nothing.
            var response = refused
            while response.status == 429 {
                response = try await client.send("POST", "/workflows", quick, headers: headers)
            }
            #expect(response.status == 200 && response["idempotency-replayed"] == nil, "\(response.text)")
            #expect(response.json["status"] == "completed")
        }
    }

    static let queries: [(method: String, path: String, body: JSONValue?)] = [
        ("GET", "/workflows", nil), ("POST", "/workflows", ["workflow": workflow([node("a")])]),
        ("POST", "/workflows/match", ["workflow": workflow([node("a")])]), ("GET", "/workflows/ID", nil),
        ("GET", "/workflows/ID/events", nil), ("GET", "/workflows/ID/nodes", nil),
        ("GET", "/workflows/ID/nodes/a", nil),
        ("POST", "/workflows/ID/cancel", nil), ("DELETE", "/workflows/ID", nil), ("GET", "/backends", nil),
        ("POST", "/backends", ["name": "x", "type": "logging"]), ("GET", "/backends/native", nil),
        ("PUT", "/backends/x", ["type": "logging"]), ("DELETE", "/backends/audited", nil),
        ("GET", "/backends/native/capabilities", nil), ("GET", "/backends/native/health", nil),
        ("GET", "/node-types", nil), ("GET", "/definitions", nil), ("GET", "/definitions/stored", nil),
        ("PUT", "/definitions/stored", ["nodes": [node("b")]]), ("DELETE", "/definitions/stored", nil),
        ("GET", "/definitions/stored/versions", nil), ("GET", "/definitions/stored/versions/1", nil),
        ("DELETE", "/definitions/stored/versions/1", nil),
    ]

    @Test(
        "a query parameter that is not known is refused by name, and the request does nothing",
        arguments: queries.indices)
    func unknownParameter(index: Int) async throws {
        let (method, path, body) = Self.queries[index]
        try await TestServer.with { server in
            let client = server.client
            #expect(try await client.send("POST", "/backends", ["name": "audited", "type": "logging"]).status == 201)
            #expect(try await client.send("PUT", "/definitions/stored", ["nodes": [node("a")]]).status == 201)
            let id = try await client.run(workflow([node("a")])).json["workflow_id"]?.string ?? ""
            let resources = ["/workflows", "/backends", "/definitions/stored/versions"]
            var before: [JSONValue] = []
            for resource in resources { before.append(try await client.send("GET", resource).json) }
            for query in ["what=1", "what", "what=", "%77hat=1"] {
                let target = path.replacing("ID", with: id) + "?" + query
                let response = try await client.send(method, target, body)
                #expect(response.status == 400 && response.isProblem, "\(method) \(target): \(response.text)")
                #expect(response.places == ["what"] && response.details.contains("unknown query parameter"))
            }
            var after: [JSONValue] = []
            for resource in resources { after.append(try await client.send("GET", resource).json) }
            #expect(before == after)
        }
    }

    static let badQueries: [(path: String, places: [String])] = [
        ("/workflows?limit=0", ["limit"]), ("/workflows?limit=201", ["limit"]),
        ("/workflows?limit=1&limit=2", ["limit"]),
        ("/workflows?cursor=-1", ["cursor"]), ("/workflows?name=a&name=b", ["name"]),
        ("/workflows?status=completed&status=odd", ["status"]), ("/workflows?backend=a%20b", ["backend"]),
        ("/workflows?label=%3Dx", ["label"]), ("/workflows?submitted_before=2020-01-01", ["submitted_before"]),
        ("/workflows?what=%zz", ["what"]), ("/workflows/x/events?limit=1001", ["limit"]),
        ("/workflows/x/events?after=x", ["after"]), ("/workflows/x?wait=soon", ["wait"]),
        ("/workflows/x?wait=1s&wait=2s", ["wait"]), ("/workflows?definition=a%20b", ["definition"]),
        ("/workflows?definition=a%400", ["definition"]), ("/definitions?limit=0", ["limit"]),
        ("/definitions?cursor=a%40b", ["cursor"]), ("/definitions/x/versions?cursor=01", ["cursor"]),
        ("/definitions/x/versions?limit=201", ["limit"]),
    ]

    @Test("a value that a query parameter does not take is refused by name", arguments: badQueries.indices)
    func values(index: Int) async throws {
        try await TestServer.with { server in
            let response = try await server.client.send("GET", Self.badQueries[index].path)
            #expect(response.status == 400 && response.isProblem, "\(response.text)")
            #expect(response.places == Self.badQueries[index].places, "\(response.text)")
        }
    }
}
