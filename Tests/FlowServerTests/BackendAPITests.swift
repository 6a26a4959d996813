import FlowJSON
import FlowTesting
import TestSupport
import Testing

@Suite("the API of backends", .timeLimit(.minutes(1)))
struct BackendAPITests {
    @Test("capabilities are a flat object of booleans, the four of every backend first")
    func capabilities() async throws {
        try await TestServer.with { server in
            let response = try await server.client.send("GET", "/backends/native/capabilities")
            #expect(
                response.text.hasPrefix("{\"streaming\":true,\"parallel\":true,\"async\":true,\"distributed\":false"))
            let unknown = try await server.client.send("GET", "/backends/odd/capabilities")
            #expect(unknown.status == 404 && unknown.text.contains("native"))
        }
    }

    @Test("registrations survive a restart")
    func restart() async throws {
        let directory = temporaryDirectory()
        let body: JSONValue = ["name": "audited", "type": "logging", "config": ["log_level": "error"]]
        try await TestServer.with(directory: directory) { server in
            let first = try await server.client.send("POST", "/backends", body)
            let second = try await server.client.send("POST", "/backends", body)
            #expect(first.status == 201 && second.status == 409)
        }
        try await TestServer.with(directory: directory) { server in
            let backend = try await server.client.send("GET", "/backends/audited")
            #expect(backend.json["config"] == ["log_level": "error"] && backend.json["built_in"] == false)
            #expect(
                try await server.client.run(workflow([node("a")]), ["backend": "audited"]).json["status"] == "completed"
            )
            let replaced = try await server.client.send("PUT", "/backends/audited", ["type": "logging"])
            #expect(replaced.status == 200 && replaced.json["config"] == [:])
            #expect(try await server.client.send("GET", "/backends").json["backends"]?.array?.count == 2)
            #expect(try await server.client.send("GET", "/backends/audited/health").json["healthy"] == true)
        }
    }

    @Test("a backend that active runs use is removed only with drain, when they have ended")
    func draining() async throws {
        try await TestServer.with { server in
            let client = server.client
            let registration: JSONValue = ["name": "x", "type": "logging", "config": ["log_level": "critical"]]
            #expect(try await client.send("POST", "/backends", registration).status == 201)
            let body: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])]), "backend": "x"]
            let id = try await client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            let busy = try await client.send("DELETE", "/backends/x")
            #expect(busy.status == 409 && busy.isProblem)
            async let drained = client.send("DELETE", "/backends/x?drain=true")
            // While it drains, it takes no further run.
            while try await client.send("POST", "/workflows", ["workflow": workflow([node("a")]), "backend": "x"])
                .status == 202
            {}
            _ = try await client.send("POST", "/workflows/\(id)/cancel")
            #expect(try await drained.status == 204)
            #expect(try await client.send("GET", "/backends/x").status == 404)
        }
    }

    @Test("the native backend stays, and what is no registration is refused")
    func refusals() async throws {
        try await TestServer.with { server in
            let client = server.client
            #expect(try await client.send("DELETE", "/backends/native").status == 409)
            #expect(try await client.send("PUT", "/backends/native", ["type": "logging"]).status == 409)
            #expect(try await client.send("DELETE", "/backends/odd").status == 404)
            let type = try await client.send("POST", "/backends", ["name": "x", "type": "odd"])
            #expect(type.status == 422 && type.places == ["/type"])
            let config = try await client.send(
                "POST", "/backends", ["name": "x", "type": "logging", "config": ["log_level": 3, "odd": 1]])
            #expect(config.places.sorted() == ["/config/log_level", "/config/odd"])
            #expect(
                try await client.send("POST", "/backends", ["name": "auto", "type": "logging"]).places == ["/name"])
            #expect(try await client.send("POST", "/backends", ["name": "a b", "type": "logging"]).places == ["/name"])
            let base = try await client.send(
                "POST", "/backends", ["name": "x", "type": "logging", "config": ["backend": "none"]])
            #expect(base.status == 422 && base.text.contains("native"))
        }
    }

    @Test("node types name their schema and the backends that take them")
    func nodeTypes() async throws {
        try await TestServer.with { server in
            let types = try await server.client.send("GET", "/node-types").json["node_types"]?.array ?? []
            #expect(
                Set(types.compactMap { $0["type"]?.string })
                    == [
                        "condition", "approval", "for_each", "loop", "workflow", "passthrough", "set", "delay", "fail",
                        "http", "llm",
                    ])
            #expect(types.allSatisfy { $0["config_schema"]?["type"] == "object" && $0["backends"] == ["native"] })
        }
    }
}
