import FlowCore
import FlowJSON
import FlowTesting
import TestSupport
import Testing

/// Which backends active runs use, and keep from being removed: the one that they name, those that their nodes name, and
/// those behind.
@Suite("backends in use", .timeLimit(.minutes(1)))
struct BackendUseTests {
    /// Calls `body` with a server whose nodes named `a` wait at the gate, and where `x` wraps `native` and `w` wraps `x`.
    static func with(
        directory: String = temporaryDirectory(), _ body: (TestServer, Gate) async throws -> Void
    ) async throws {
        let gate = Gate()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                if request.node.id == "a" { guard await gate.pass() else { throw CancellationError() } }
                return .success(output: .string(request.node.id.rawValue))
            }
        ]
        try await TestServer.with(options, directory: directory) { server in
            for (name, base) in [("x", "native"), ("w", "x")] {
                _ = try await server.client.send("PUT", "/backends/\(name)", wrapping(base))
            }
            try await body(server, gate)
        }
    }

    static func wrapping(_ name: String) -> JSONValue {
        ["type": "logging", "config": ["backend": .string(name), "log_level": "critical"]]
    }

    /// Starts a run whose first node waits.
    ///
    /// - Returns: its path.
    static func start(_ nodes: [JSONValue], on backend: String, _ client: TestClient, _ gate: Gate) async throws
        -> String
    {
        let body: JSONValue = ["workflow": workflow(nodes), "backend": .string(backend)]
        let response = try await client.send("POST", "/workflows", body)
        #expect(response.status == 202, "\(response.text)")
        await gate.arrivals(1)
        return "/workflows/\(response.json["workflow_id"]?.string ?? "")"
    }

    /// Checks that a backend cannot be removed since runs use it.
    static func expectInUse(_ name: String, _ client: TestClient) async throws {
        let response = try await client.send("DELETE", "/backends/\(name)")
        #expect(response.status == 409 && response.isProblem, "\(name)")
        #expect(response.text.contains("1 active runs use \\\"\(name)\\\""), "\(response.text)")
        #expect(try await client.send("GET", "/backends/\(name)").json["active_runs"] == 1)
    }

    /// Removes a backend once no run uses it, which is a moment after the end of the last one can be read.
    static func expectFree(_ name: String, _ client: TestClient) async throws {
        var response = try await client.send("DELETE", "/backends/\(name)")
        while response.status == 409, response.text.contains("active runs use") {
            response = try await client.send("DELETE", "/backends/\(name)")
        }
        #expect(response.status == 204, "\(response.text)")
    }

    @Test("what a wrapper wraps is in use with it, also when the wrapper was replaced by one that wraps another")
    func wrapped() async throws {
        try await Self.with { server, gate in
            let client = server.client
            let path = try await Self.start([node("a"), node("b")], on: "w", client, gate)
            #expect(try await client.send("GET", "/backends/native").json["active_runs"] == 1)
            let wrapped = try await client.send("DELETE", "/backends/x")
            #expect(wrapped.status == 409 && wrapped.text.contains("wrapped by"))
            #expect(try await client.send("PUT", "/backends/w", Self.wrapping("native")).status == 200)
            try await Self.expectInUse("x", client)
            try await Self.expectInUse("w", client)
            // The run goes on through the backends that it began on.
            gate.open()
            let end = try await client.send("GET", path + "?wait=20s").json
            #expect(end["status"] == "completed" && end["nodes"]?["b"]?["backend"] == "w", "\(end)")
            for name in ["x", "w"] { try await Self.expectFree(name, client) }
        }
    }

    @Test("a backend that was replaced is in use under its name, and so is one that replaced it")
    func replaced() async throws {
        try await Self.with { server, gate in
            let client = server.client
            let path = try await Self.start([node("a"), node("b")], on: "w", client, gate)
            for _ in 0..<2 {
                #expect(try await client.send("PUT", "/backends/x", Self.wrapping("native")).status == 200)
            }
            #expect(try await client.send("PUT", "/backends/w", Self.wrapping("native")).status == 200)
            try await Self.expectInUse("x", client)
            gate.open()
            #expect(try await client.send("GET", path + "?wait=20s").json["status"] == "completed")
            try await Self.expectFree("x", client)
        }
    }

    @Test("a backend that one of the nodes names is in use until the run has ended, and so is what it wraps")
    func overrides() async throws {
        try await Self.with { server, gate in
            let client = server.client
            let nodes = [node("a"), node("b", "passthrough", nil, ["backend": "w"])]
            let path = try await Self.start(nodes, on: "native", client, gate)
            try await Self.expectInUse("w", client)
            #expect(try await client.send("PUT", "/backends/w", Self.wrapping("native")).status == 200)
            for name in ["w", "x"] { try await Self.expectInUse(name, client) }
            gate.open()
            let end = try await client.send("GET", path + "?wait=20s").json
            #expect(end["status"] == "completed" && end["nodes"]?["b"]?["backend"] == "w", "\(end)")
            for name in ["w", "x"] { try await Self.expectFree(name, client) }
        }
    }

    @Test("a removal that drains waits for runs that use the backend through another")
    func draining() async throws {
        try await Self.with { server, gate in
            let client = server.client
            let path = try await Self.start([node("a"), node("b")], on: "w", client, gate)
            #expect(try await client.send("PUT", "/backends/w", Self.wrapping("native")).status == 200)
            async let drained = client.send("DELETE", "/backends/x?drain=true")
            // Once it drains, it takes no further run.
            let more: JSONValue = ["workflow": workflow([node("b")]), "backend": "x"]
            while try await client.send("POST", "/workflows", more).status == 202 {}
            #expect(try await client.send("GET", path).json["status"] == "running")
            #expect(try await client.send("GET", "/backends/x").status == 200)
            gate.open()
            #expect(try await drained.status == 204)
            #expect(try await client.send("GET", path).json["status"] == "completed")
        }
    }

    @Test("runs that are taken up after a restart use what they need as before")
    func restart() async throws {
        let directory = temporaryDirectory()
        var path = ""
        try await Self.with(directory: directory) { server, gate in
            path = try await Self.start([node("a"), node("b")], on: "w", server.client, gate)
        }
        try await Self.with(directory: directory) { server, gate in
            let client = server.client
            await gate.arrivals(1)
            #expect(try await client.send("PUT", "/backends/w", Self.wrapping("native")).status == 200)
            for name in ["x", "w"] { try await Self.expectInUse(name, client) }
            gate.open()
            #expect(try await client.send("GET", path + "?wait=20s").json["status"] == "completed")
            for name in ["x", "w"] { try await Self.expectFree(name, client) }
        }
    }
}
