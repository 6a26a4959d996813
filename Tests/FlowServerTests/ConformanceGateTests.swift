import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import FlowTesting
import TestSupport
import Testing

@Suite("backends that have to prove themselves before they take runs", .timeLimit(.minutes(2)))
struct ConformanceGateTests {
    private static let registration: JSONObject = [
        "name": "proven", "type": "logging", "config": ["backend": "native"], "require_conformance": "L1",
    ]

    private func submit(_ server: TestServer, _ more: JSONObject = ["backend": "proven"]) async throws -> TestResponse {
        try await server.client.run(workflow([node("a")]), more)
    }

    private func judge(_ server: TestServer, _ level: String) async throws -> JSONValue {
        let begun = try await server.client.send("POST", "/backends/proven/conformance-runs", ["level": .string(level)])
        let path = try #require(begun["location"], "\(begun.text)")
        _ = try await server.client.send("GET", path, headers: ["Accept": "text/event-stream"])
        return try await server.client.send("GET", path).json
    }

    @Test("no run is taken, chosen or moved there until the level is proven, and a new registration begins anew")
    func gate() async throws {
        try await TestServer.with { server in
            let made = try await server.client.send("POST", "/backends", .object(Self.registration))
            #expect(made.status == 201 && made.json["require_conformance"] == "L1", "\(made.text)")
            let refused = try await submit(server)
            #expect(refused.status == 422 && refused.places == ["/backend"], "\(refused.text)")
            #expect(refused.details.contains("level L1") && refused.details.contains("conformance-runs"))
            let other = try await server.client.run(workflow([extended("a", ["backend": "proven"])]))
            #expect(other.status == 422 && other.places == ["/workflow/nodes/0/backend"], "\(other.text)")
            let match = try await server.client.send(
                "POST", "/workflows/match", ["workflow": workflow([node("a")])]
            ).json["backends"]?.array?.first { $0["backend"] == "proven" }
            #expect(match?["accepted"] == false && "\(match ?? .null)".contains("level L1"))
            #expect(try await submit(server, ["backend": "auto"]).json["backend"] == "native")
            // A wrapper would be a way round.
            let wrapper: JSONValue = ["name": "around", "type": "metered", "config": ["backend": "proven"]]
            #expect(try await server.client.send("POST", "/backends", wrapper).status == 201)
            #expect(try await submit(server, ["backend": "around"]).status == 422)

            #expect(try await judge(server, "L0")["status"] == "passed")
            #expect(try await submit(server).status == 422, "L0 is less than what is required")
            #expect(try await judge(server, "L1")["level"] == "L1")
            let taken = try await submit(server)
            #expect(taken.status == 200 && taken.json["status"] == "completed", "\(taken.text)")
            #expect(try await submit(server, ["backend": "around"]).status == 200)

            var again = Self.registration
            again["name"] = nil
            let replaced = try await server.client.send("PUT", "/backends/proven", .object(again))
            #expect(replaced.status == 200 && replaced.json["conformance"] == .null, "\(replaced.text)")
            #expect(try await submit(server).status == 422)
            let kept = try await server.client.send("GET", "/backends/proven/conformance-runs").json
            #expect(kept["conformance_runs"]?.array?.count == 2, "the history stays")
        }
    }

    @Test("samples of a request open the gate only to those who could register the backend without one")
    func samples() async throws {
        var options = TestServer.Options()
        options.application.keys = try #require(
            APIKeys(["submitter:submitter-key-0123", "admin:admin-key-0123456789"]))
        try await TestServer.with(options) { server in
            func send(_ role: String, _ method: String, _ path: String, _ body: JSONValue? = nil) async throws
                -> TestResponse
            {
                let key = role == "admin" ? "admin-key-0123456789" : "submitter-key-0123"
                return try await server.client.send(method, path, body, headers: ["Authorization": "Bearer \(key)"])
            }
            func judge(_ role: String, _ body: JSONValue) async throws -> JSONValue {
                let begun = try await send(role, "POST", "/backends/proven/conformance-runs", body)
                let path = try #require(begun["location"], "\(begun.text)")
                var run = try await send(role, "GET", path).json
                while run["status"] == "running" { run = try await send(role, "GET", path).json }
                // Its place is free once it is stored.
                while try await send(role, "GET", "/backends/proven").json["conformance"]?["id"] != run["id"] {}
                return run
            }
            func isOpen() async throws -> Bool {
                let body: JSONValue = ["workflow": workflow([node("a")]), "backend": "proven"]
                return try await send("submitter", "POST", "/workflows", body).status < 300
            }
            var registration = Self.registration
            registration["require_conformance"] = "L0"
            let made = try await send("admin", "POST", "/backends", .object(registration))
            #expect(made.status == 201, "\(made.text)")
            let own: JSONValue = ["level": "L0", "samples": ["echoes": ["type": "passthrough"]]]
            #expect(try await judge("submitter", own)["level"] == "L0")
            #expect(try await isOpen() == false)
            #expect(try await judge("admin", own)["level"] == "L0")
            #expect(try await isOpen() == true)
            var again = registration
            again["name"] = nil
            #expect(try await send("admin", "PUT", "/backends/proven", .object(again)).status == 200)
            #expect(try await isOpen() == false)
            #expect(try await judge("submitter", ["level": "L0"])["level"] == "L0")
            #expect(try await isOpen() == true)
        }
    }

    @Test("a level that is none is refused")
    func wrongLevel() async throws {
        try await TestServer.with { server in
            var registration = Self.registration
            registration["require_conformance"] = "high"
            let refused = try await server.client.send("POST", "/backends", .object(registration))
            #expect(refused.status == 422 && refused.places == ["/require_conformance"])
        }
    }

    @Test("what is proven survives a restart; a stop cancels the run that goes on")
    func restart() async throws {
        let directory = temporaryDirectory()
        try await TestServer.with(directory: directory) { server in
            #expect(try await server.client.send("POST", "/backends", .object(Self.registration)).status == 201)
            #expect(try await judge(server, "L1")["status"] == "passed")
            // The list shows what is stored.
            while try await server.client.send("GET", "/backends/proven/conformance-runs")
                .json["conformance_runs"]?[0]?["status"] != "passed"
            {}
        }
        let second = try await TestServer.with(directory: directory) { server in
            #expect(try await submit(server).status == 200)
            let backend = try await server.client.send("GET", "/backends/proven").json
            #expect(backend["conformance"]?["status"] == "passed" && backend["require_conformance"] == "L1")
            return try await server.client.send("POST", "/backends/proven/conformance-runs").json["id"]?.string ?? ""
        }
        try await TestServer.with(directory: directory) { server in
            let run = try await server.client.send("GET", "/backends/proven/conformance-runs/\(second)").json
            #expect(run["status"] == "cancelled" && run["ended_at"] != .null, "\(run)")
            #expect(try await submit(server).status == 200, "an unfinished run takes nothing back")
        }
    }
}
