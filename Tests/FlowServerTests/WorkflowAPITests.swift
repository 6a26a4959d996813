import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import FlowTesting
import MicroHTTPD
import TestSupport
import Testing

@Suite("the API of runs", .timeLimit(.minutes(1)))
struct WorkflowAPITests {
    @Test("a run that is waited for comes back finished, with every node")
    func submit() async throws {
        try await TestServer.with { server in
            let diamond = workflow(
                "diamond",
                [
                    node("a"), node("b", "set", after: ["a"], ["value": ["x": 1]]), node("c", after: ["a"]),
                    node("d", after: ["b", "c"]),
                ])
            let run = try await server.client.run(
                diamond, input: ["n": 1], ["labels": ["team": "x"], "requires": ["parallel"]])
            #expect(run.status == 200 && run["preference-applied"] == "wait=20")
            #expect(run["server-timing"]?.contains("accept;dur=") == true)
            #expect(run.json["status"] == "completed" && run.json["output"] == ["b": ["x": 1], "c": ["n": 1]])
            #expect(run.json["execution_path"]?.array?.count == 4 && run.json["current_node_id"] == "d")
            #expect(run.json["nodes"]?["d"]?["input_data"] == ["b": ["x": 1], "c": ["n": 1]])
            #expect(run.json["nodes"]?["a"]?["attempts"]?.array?.count == 1)
            let id = run.json["workflow_id"]?.string ?? ""
            #expect(run["location"] == "/workflows/\(id)")
            let read = try await server.client.send("GET", "/workflows/\(id)")
            #expect(read.json == run.json && read["etag"] == "\"\(run.json["position"]?.integer ?? 0)\"")
            let same = try await server.client.send(
                "GET", "/workflows/\(id)", headers: ["If-None-Match": read["etag"] ?? ""])
            #expect(same.status == 304 && same.body.isEmpty)
            let nodes = try await server.client.send("GET", "/workflows/\(id)/nodes")
            #expect(nodes.json["nodes"]?.array?.map { $0["node_id"]?.string } == ["a", "b", "c", "d"])
            let one = try await server.client.send("GET", "/workflows/\(id)/nodes/b")
            #expect(one.json["output_data"] == ["x": 1])
            #expect(try await server.client.send("GET", "/workflows/\(id)/nodes/zz").status == 404)
        }
    }

    @Test("without a wait the answer comes once the run is accepted, and return=minimal leaves out the nodes")
    func accepted() async throws {
        try await TestServer.with { server in
            let body: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]
            let run = try await server.client.send(
                "POST", "/workflows", body, headers: ["Prefer": "return=minimal, wait=0"])
            #expect(
                run.status == 202 && run.json["nodes"] == nil && run["preference-applied"] == "wait=0, return=minimal")
            let id = run.json["workflow_id"]?.string ?? ""
            let waited = try await server.client.send("GET", "/workflows/\(id)?wait=10ms")
            #expect(waited.json["status"] == "running" && waited.json["nodes"]?["a"]?["status"] == "running")
            #expect(try await server.client.send("DELETE", "/workflows/\(id)").status == 409)
            let cancelled = try await server.client.send("POST", "/workflows/\(id)/cancel", ["reason": "enough"])
            #expect(cancelled.status == 202 && cancelled.json["cancel_requested_at"]?.string != nil)
            let end = try await server.client.send("GET", "/workflows/\(id)?wait=20s")
            #expect(end.json["status"] == "cancelled" && end.json["error"]?["message"] == "enough")
            #expect(try await server.client.send("POST", "/workflows/\(id)/cancel").status == 409)
            #expect(try await server.client.send("DELETE", "/workflows/\(id)").status == 204)
            #expect(try await server.client.send("GET", "/workflows/\(id)").status == 404)
            #expect(try await server.client.send("DELETE", "/workflows/\(id)").status == 404)
        }
    }

    @Test("an idempotency key replays, and refuses another request")
    func idempotency() async throws {
        try await TestServer.with { server in
            let body: JSONValue = ["workflow": workflow([node("a")])]
            let headers = ["Idempotency-Key": "k-1", "Prefer": "wait=20"]
            let first = try await server.client.send("POST", "/workflows", body, headers: headers)
            let second = try await server.client.send("POST", "/workflows", body, headers: headers)
            #expect(first.json == second.json && second["idempotency-replayed"] == "true" && second.status == 200)
            let other: JSONValue = ["workflow": workflow([node("b")])]
            let third = try await server.client.send("POST", "/workflows", other, headers: headers)
            #expect(third.status == 422 && third.isProblem)
            let bad = try await server.client.send("POST", "/workflows", body, headers: ["Idempotency-Key": "a b"])
            #expect(bad.status == 400 && bad.places == ["Idempotency-Key"])
        }
    }

    @Test("lists are filtered and come page by page")
    func lists() async throws {
        try await TestServer.with { server in
            for index in 0..<5 {
                _ = try await server.client.run(
                    workflow("w\(index % 2)", [node("a")]),
                    ["labels": ["n": .string("\(index)")], "durability": index == 4 ? "none" : "full"])
            }
            let all = try await server.client.send("GET", "/workflows?limit=3")
            #expect(all.json["workflows"]?.array?.count == 3 && all.json["workflows"]?[0]?["nodes"] == nil)
            let next = all["link"]?.split(separator: ">").first?.dropFirst() ?? ""
            let rest = try await server.client.send("GET", String(next))
            #expect(rest.json["workflows"]?.array?.count == 2 && rest.json["next_cursor"] == .null)
            #expect(try await server.client.send("GET", "/workflows?name=w1").json["workflows"]?.array?.count == 2)
            #expect(try await server.client.send("GET", "/workflows?label=n%3D3").json["workflows"]?.array?.count == 1)
            #expect(try await server.client.send("GET", "/workflows?status=failed").json["workflows"] == [])
            #expect(
                try await server.client.send("GET", "/workflows?status=failed&status=completed").json["workflows"]?
                    .array?.count == 5)
            let bad = try await server.client.send(
                "GET", "/workflows?status=odd&limit=0&cursor=x&label=y&submitted_from=now&what=1")
            #expect(
                bad.status == 400
                    && Set(bad.places) == ["status", "limit", "cursor", "label", "submitted_from", "what"])
        }
    }

    static let refused: [(status: Int, body: String, type: String?, places: [String])] = [
        (415, "{}", "text/plain", []), (415, "{}", nil, []), (415, "{}", "application/json; charset=latin1", []),
        (400, "", "application/json", []), (400, "{\"workflow\":", "application/json", [""]),
        (400, "{\"a\":1,\"a\":2}", "application/json", [""]), (400, "[NaN]", "application/json", [""]),
        (422, "[1e999]", "application/json", [""]), (422, "[]", "application/json", [""]),
        (422, "{}", "application/json", [""]),
        (422, "{\"workflow\":{\"name\":\"x\",\"nodes\":[]}}", "application/json", ["/workflow/nodes"]),
        (
            422,
            "{\"workflow\":{\"name\":\"x\",\"nodes\":[{\"node_id\":\"a\",\"type\":\"odd\"}]},\"odd\":1,\"labels\":{\"a\":1},\"durability\":null}",
            "application/json", ["/odd", "/labels/a", "/durability", "/workflow/nodes/0/type"]
        ),
        (
            422, "{\"workflow\":{\"name\":\"x\",\"nodes\":[{\"node_id\":\"a\",\"type\":\"set\"}]}}", "application/json",
            ["/workflow/nodes/0/config"]
        ),
        (
            422,
            "{\"workflow\":{\"name\":\"x\",\"nodes\":[{\"node_id\":\"a\",\"type\":\"passthrough\"}]},\"backend\":\"odd\"}",
            "application/json", ["/backend"]
        ),
        (
            422,
            "{\"workflow\":{\"name\":\"x\",\"nodes\":[{\"node_id\":\"a\",\"type\":\"passthrough\"}]},\"requires\":[\"distributed\",\"odd\"]}",
            "application/json", ["/requires/0", "/requires/1"]
        ),
        (
            422,
            "{\"workflow\":{\"name\":\"x\",\"nodes\":[{\"node_id\":\"a\",\"type\":\"t\",\"depends_on\":[\"b\"]},{\"node_id\":\"b\",\"type\":\"t\",\"depends_on\":[\"a\"]}]}}",
            "application/json", ["/workflow/nodes/0/depends_on", "/workflow/nodes/0/type", "/workflow/nodes/1/type"]
        ),
    ]

    @Test("what is not acceptable gets its status and problem, and starts nothing", arguments: refused.indices)
    func refusals(index: Int) async throws {
        let (status, body, type, places) = Self.refused[index]
        try await TestServer.with { server in
            let headers = type.map { ["Content-Type": $0] } ?? [:]
            let response = try await server.client.send("POST", "/workflows", bytes: Array(body.utf8), headers: headers)
            #expect(response.status == status && response.isProblem, "\(response.text)")
            #expect(response.places.sorted() == places.sorted(), "\(response.text)")
            #expect(try await server.client.send("GET", "/workflows").json["workflows"] == [])
        }
    }

    @Test("deep nesting, invalid UTF-8 and a body over the limit are refused")
    func hostileBodies() async throws {
        var options = TestServer.Options()
        options.http.maxBodyBytes = 200_000
        try await TestServer.with(options) { server in
            let json = ["Content-Type": "application/json"]
            let deep = Array(String(repeating: "[", count: 100_000).utf8)
            #expect(try await server.client.send("POST", "/workflows", bytes: deep, headers: json).status == 400)
            let text = try await server.client.send("POST", "/workflows", bytes: [0x22, 0xFF, 0x22], headers: json)
            #expect(text.status == 400 && text.text.contains("at byte 1"))
            let large = try await server.client.send(
                "POST", "/workflows", bytes: [UInt8](repeating: 32, count: 200_001), headers: json)
            #expect(large.status == 413 && large.isProblem)
        }
    }

    @Test("a preference that is not supported is not applied, and refused when handling is strict")
    func strictPreferences() async throws {
        try await TestServer.with { server in
            let body: JSONValue = ["workflow": workflow([node("a")])]
            let lenient = try await server.client.send("POST", "/workflows", body, headers: ["Prefer": "odd, wait=x"])
            #expect(lenient.status == 202 && lenient["preference-applied"] == nil)
            let strict = try await server.client.send(
                "POST", "/workflows", body, headers: ["Prefer": "handling=strict, odd"])
            #expect(strict.status == 400 && strict.places == ["Prefer"])
            #expect(try await server.client.send("POST", "/workflows?x=1", body).status == 400)
        }
    }

    @Test("paths that try to leave, and methods that are not there")
    func paths() async throws {
        try await TestServer.with { server in
            for path in ["/../etc/passwd", "/workflows/..%2f..%2fetc", "/workflows/a%20b", "/nothing", "/workflows/"] {
                let response = try await server.client.send("GET", path)
                #expect(response.status == 404 && response.isProblem, "\(path)")
            }
            let response = try await server.client.send("PATCH", "/workflows")
            #expect(response.status == 405 && response["allow"] == "POST, GET, HEAD, OPTIONS" && response.isProblem)
        }
    }

    @Test("matching names every unmet need of every backend and runs nothing")
    func match() async throws {
        try await TestServer.with { server in
            let body: JSONValue = ["workflow": workflow([node("a", "odd")]), "requires": ["distributed"]]
            let response = try await server.client.send("POST", "/workflows/match", body)
            #expect(response.json["backends"]?[0]?["accepted"] == false)
            #expect(response.json["backends"]?[0]?["unmet"]?.array?.count == 2)
            let fine = try await server.client.send("POST", "/workflows/match", ["workflow": workflow([node("a")])])
            #expect(fine.json["backends"]?[0] == ["backend": "native", "accepted": true, "healthy": true, "unmet": []])
            let auto = try await server.client.run(workflow([node("a")]), ["backend": "auto"])
            #expect(auto.json["backend"] == "native")
        }
    }
}
