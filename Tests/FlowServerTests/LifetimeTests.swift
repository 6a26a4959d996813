import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("what belongs together goes together", .timeLimit(.minutes(1)))
struct LifetimeTests {
    static let delayed = workflow([node("a", "delay", ["duration": "1h"])])

    @Test("a name that drains can be neither registered nor removed, and is free again afterwards")
    func draining() async throws {
        let directory = temporaryDirectory()
        try await TestServer.with(directory: directory) { server in
            let client = server.client
            let answer1 = try await client.send("POST", "/backends", ["name": "x", "type": "logging"])
            #expect(answer1.status == 201)
            let body: JSONValue = ["workflow": Self.delayed, "backend": "x"]
            let id = try await client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            async let drained = client.send("DELETE", "/backends/x?drain=true")
            // Once it drains, it takes no further run.
            let more: JSONValue = ["workflow": workflow([node("a")]), "backend": "x"]
            while try await client.send("POST", "/workflows", more).status == 202 {}
            let refused = try await client.send("PUT", "/backends/x", ["type": "logging"])
            #expect(refused.status == 409 && refused.isProblem)
            let answer2 = try await client.send("DELETE", "/backends/x?drain=true")
            #expect(answer2.status == 409)
            _ = try await client.send("POST", "/workflows/\(id)/cancel")
            #expect(try await drained.status == 204)
            let answer3 = try await client.send("PUT", "/backends/x", ["type": "logging"])
            #expect(answer3.status == 201)
        }
        try await TestServer.with(directory: directory) { server in
            let answer4 = try await server.client.send("GET", "/backends/x")
            #expect(answer4.status == 200)
        }
    }

    @Test("backends that wrap later ones are there after a restart")
    func order() async throws {
        let directory = temporaryDirectory()
        try await TestServer.with(directory: directory) { server in
            for name in ["a", "b"] {
                let body: JSONValue = ["name": .string(name), "type": "logging"]
                let answer5 = try await server.client.send("POST", "/backends", body)
                #expect(answer5.status == 201)
            }
            let wraps: JSONValue = ["type": "logging", "config": ["backend": "b"]]
            let answer6 = try await server.client.send("PUT", "/backends/a", wraps)
            #expect(answer6.status == 200)
        }
        try await TestServer.with(directory: directory) { server in
            let answer7 = try await server.client.send("GET", "/backends/a")
            #expect(answer7.json["config"]?["backend"] == "b")
        }
    }

    @Test("an idempotency key of a run without durability goes with the run")
    func keys() async throws {
        try await TestServer.with { server in
            let body: JSONValue = ["workflow": workflow([node("a")]), "durability": "none"]
            let headers = ["Idempotency-Key": "k", "Prefer": "wait=10"]
            let first = try await server.client.send("POST", "/workflows", body, headers: headers)
            let again = try await server.client.send("POST", "/workflows", body, headers: headers)
            #expect(again.json == first.json && again["idempotency-replayed"] == "true" && again.status == 200)
            let path = "/workflows/\(first.json["workflow_id"]?.string ?? "")"
            let answer8 = try await server.client.send("DELETE", path)
            #expect(answer8.status == 204)
            let other = try await server.client.send("POST", "/workflows", body, headers: headers)
            #expect(other.status == 200 && other.json["workflow_id"] != first.json["workflow_id"])
        }
    }

    @Test("an id that the journal has is taken for a run without durability as well")
    func ids() async throws {
        let directory = temporaryDirectory()
        let body: JSONValue = ["workflow": workflow([node("a")]), "workflow_id": "mine"]
        try await TestServer.with(directory: directory) { server in
            let answer9 = try await server.client.send("POST", "/workflows", body)
            #expect(answer9.status == 202)
        }
        try await TestServer.with(directory: directory) { server in
            var again = body.object ?? [:]
            again["durability"] = "none"
            let answer10 = try await server.client.send("POST", "/workflows", .object(again))
            #expect(answer10.status == 409)
        }
    }

    @Test("runs that are pruned are gone from memory too")
    func pruning() async throws {
        try await TestServer.with { server in
            let first = try await server.client.run(workflow([node("a")]))
            let path = "/workflows/\(first.json["workflow_id"]?.string ?? "")"
            _ = try await server.client.run(workflow([node("a")]))
            let removed = try await server.service.prune(RetentionPolicy(maximumCount: 1))
            #expect(removed == 1)
            let gone = try await server.client.send("GET", path)
            #expect(gone.status == 404)
        }
    }

    @Test("wishes that the backend does not meet are named, and a backend that is not there is refused by match")
    func contract() async throws {
        try await TestServer.with { server in
            var wide = workflow([node("a")]).object ?? [:]
            wide["max_parallel"] = 500
            let refused = try await server.client.send("POST", "/workflows", ["workflow": .object(wide)])
            #expect(refused.status == 422 && refused.places == ["/workflow/max_parallel"])
            wide["max_parallel"] = 2
            let body: JSONValue = ["workflow": workflow([node("a")]), "backend": "zz"]
            let match = try await server.client.send("POST", "/workflows/match", body)
            #expect(match.status == 422 && match.places == ["/backend"] && match.text.contains("native"))
            let coded = try await server.client.send(
                "POST", "/workflows", ["workflow": .object(wide)], headers: ["Content-Encoding": "gzip"])
            #expect(coded.status == 415 && coded.isProblem)
            for path in ["/", "/livez", "/healthz", "/readyz", "/limits", "/metrics", "/docs", "/openapi.yaml"] {
                let response = try await server.client.send("GET", path + "?odd=1")
                #expect(response.status == 400 && response.places == ["odd"], "\(path)")
            }
        }
    }

    @Test("one thing that is wrong hides no other")
    func together() async throws {
        try await TestServer.with { server in
            let nodes: [JSONValue] = [
                node("a", "odd", after: ["b"]), node("b", "set", after: ["a"], ["value": 1], ["colour": 1]),
            ]
            let first = try await server.client.send("POST", "/workflows", ["workflow": workflow(nodes)])
            #expect(
                first.places == ["/workflow/nodes/1/colour", "/workflow/nodes/0/depends_on", "/workflow/nodes/0/type"])
            let second = try await server.client.send(
                "POST", "/workflows", ["workflow": workflow(nodes), "backend": "zz"])
            #expect(second.places == ["/workflow/nodes/1/colour", "/workflow/nodes/0/depends_on", "/backend"])
        }
    }

    @Test("a trace goes on to the services that nodes call, each attempt with a span of its own")
    func traces() async throws {
        try await TestServer.with { server in
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let field = "00-\(trace)-00f067aa0ba902b7-01"
            let body: JSONValue = [
                "workflow": workflow([
                    node("a", "http", ["url": .string("http://127.0.0.1:\(server.client.port)/livez")])
                ])
            ]
            let run = try await server.client.send(
                "POST", "/workflows", body, headers: ["Prefer": "wait=10", "traceparent": field])
            // The service that is called is this one, which answers with the trace that it was called with.
            let sent = run.json["nodes"]?["a"]?["output_data"]?["headers"]?["traceparent"]?.string ?? ""
            #expect(sent.hasPrefix("00-\(trace)-") && sent.hasSuffix("-01") && sent != field, "\(sent)")
        }
    }
}
