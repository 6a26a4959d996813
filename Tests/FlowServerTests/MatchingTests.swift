import FlowCore
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

/// Which backend a run gets, and why: ranking, the server's own choice, and what is told of both.
@Suite("matching and choosing backends", .timeLimit(.minutes(1)))
struct MatchingTests {
    /// How a remote service is at the moment.
    final class Condition: Sendable {
        private let state = Mutex<FakeRemoteService.Reply?>(nil)
        /// What it answers when it is asked how it is; `nil` for well.
        var health: FakeRemoteService.Reply? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    static let sick = FakeRemoteService.Reply.json(#"{"healthy": false, "reason": "a disk is full"}"#, status: 503)

    /// Calls `body` with a server and a remote service `far` that takes any node and no more than 50 bytes.
    ///
    /// - Parameter clock: What goes by, so that no answer comes too late on a machine that is busy.
    static func with(
        clock: ManualClock = ManualClock(), directory: String = temporaryDirectory(),
        _ body: (TestServer, FakeRemoteService, Condition) async throws -> Void
    ) async throws {
        let condition = Condition()
        let script: @Sendable (String) -> FakeRemoteService.Reply? = { line in
            switch line {
            case "GET /": .json(#"{"name": "f", "node_types": ["x"], "contract": {"max_payload_bytes": 50}}"#)
            case "GET /health": condition.health
            default: nil
            }
        }
        var options = TestServer.Options()
        options.clock = clock
        try await FakeRemoteService.with(script) { [options] service in
            try await TestServer.with(options, directory: directory) { server in
                let config: JSONValue = ["url": .string(service.url)]
                let made = try await server.client.send(
                    "PUT", "/backends/far", ["type": "remote", "config": config])
                #expect(made.status == 201 || made.status == 200, "\(made.text)")
                try await body(server, service, condition)
            }
        }
    }

    static func match(_ client: TestClient, _ body: JSONValue) async throws -> [JSONValue] {
        let response = try await client.send("POST", "/workflows/match", body)
        #expect(response.status == 200, "\(response.text)")
        return response.json["backends"]?.array ?? []
    }

    /// `code pointer` of every unmet need.
    static func unmet(_ match: JSONValue?) -> [String] {
        (match?["unmet"]?.array ?? []).map { "\($0["code"]?.string ?? "-") \($0["pointer"]?.string ?? "-")" }
    }

    static func names(_ matches: [JSONValue]) -> [String] { matches.compactMap { $0["backend"]?.string } }

    @Test("those that can come first, then those that could if they were healthy, then those with fewer unmet needs")
    func ranking() async throws {
        try await Self.with { server, _, condition in
            let client = server.client
            for (name, base) in [("a", "far"), ("b", "native")] {
                let wrapper: JSONValue = ["type": "metered", "config": ["backend": .string(base)]]
                #expect(try await client.send("PUT", "/backends/\(name)", wrapper).status == 201)
            }
            let plain = try await Self.match(client, ["workflow": workflow([node("n")])])
            #expect(Self.names(plain) == ["native", "far", "a", "b"])
            #expect(plain.allSatisfy { $0["accepted"] == true && $0["healthy"] == true && $0["unmet"] == [] })
            #expect(plain[1]["health_details"]?["checked_at"]?.string?.hasSuffix("Z") == true, "\(plain[1])")
            // Two needs that those on `native` do not meet, and one that nobody does.
            let nodes = [node("n", "x"), node("m", "passthrough", after: nil, nil, ["backend": "ghost"])]
            let odd = try await Self.match(client, ["workflow": workflow(nodes), "requires": ["distributed"]])
            #expect(Self.names(odd) == ["far", "a", "native", "b"])
            #expect(Self.unmet(odd[0]) == ["unknown_backend /workflow/nodes/1/backend"])
            #expect(
                Self.unmet(odd[2]) == [
                    "missing_capability /requires/0", "unknown_node_type /workflow/nodes/0/type",
                    "unknown_backend /workflow/nodes/1/backend",
                ])
        }
        try await Self.with { server, _, condition in
            condition.health = Self.sick
            let body: JSONValue = ["workflow": workflow([node("n", "x")]), "requires": ["distributed"]]
            let matches = try await Self.match(server.client, body)
            #expect(Self.names(matches) == ["far", "native"])
            #expect(matches[0]["healthy"] == false && Self.unmet(matches[0]) == ["unhealthy /backend"])
            #expect(matches[0]["unmet"]?[0]?["detail"]?.string?.contains("a disk is full") == true)
        }
    }

    @Test("a wish beyond what a backend says it takes is refused, and one that it would not see is not")
    func limits() async throws {
        try await Self.with { server, _, _ in
            let client = server.client
            let long = JSONValue.string(String(repeating: "x", count: 60))
            func body(_ nodes: [JSONValue], _ backend: String?) -> JSONValue {
                var body: JSONObject = ["workflow": workflow(nodes), "input": ["text": long]]
                if let backend { body["backend"] = .string(backend) }
                return .object(body)
            }
            let refused = try await client.send("POST", "/workflows", body([node("a", "x")], "far"))
            #expect(refused.status == 422 && refused.isProblem && refused.places == ["/input"], "\(refused.text)")
            #expect(refused.json["errors"]?[0]?["code"] == "limit_exceeded")
            #expect(refused.details.contains("50 bytes") && refused.details.contains("\"far\""))
            // Also when only the node is to run there.
            let override = node("a", "x", after: nil, nil, ["backend": "far"])
            #expect(try await client.send("POST", "/workflows", body([override], nil)).places == ["/input"])
            let small = node("a", "x", after: nil, nil, ["input": ["n": "${size(input.text)}"]])
            #expect(try await client.send("POST", "/workflows", body([small], "far")).status == 202)
            #expect(
                try await client.send("POST", "/workflows", body([node("b"), node("a", "x")], "far")).status == 422)
            let matches = try await Self.match(client, body([node("a", "x")], nil))
            #expect(Self.unmet(matches.first { $0["backend"] == "far" }) == ["limit_exceeded /input"])
        }
    }

    @Test("the server's own choice is explained in the answer and on the run, and a named backend is not")
    func explanation() async throws {
        let directory = temporaryDirectory()
        var id = ""
        try await Self.with(directory: directory) { server, _, _ in
            let client = server.client
            let body: JSONValue = [
                "workflow": workflow([node("n", "x")]), "backend": "auto", "requires": ["distributed"],
            ]
            let response = try await client.send("POST", "/workflows", body, headers: ["Prefer": "wait=20"])
            #expect(response.json["status"] == "completed" && response.json["backend"] == "far", "\(response.text)")
            let choice = response.json["backend_choice"]
            #expect(choice?["requested"] == "auto" && choice?["backend"] == "far")
            #expect(choice?["reason"]?.string?.contains("first that is healthy") == true)
            #expect(Self.names(choice?["considered"]?.array ?? []) == ["native", "far"])
            #expect(
                Self.unmet(choice?["considered"]?[0]) == [
                    "missing_capability /requires/0", "unknown_node_type /workflow/nodes/0/type",
                ])
            id = response.json["workflow_id"]?.string ?? ""
            let minimal = try await client.send("POST", "/workflows", body, headers: ["Prefer": "return=minimal"])
            #expect(minimal.json["backend_choice"] == choice)
            let named = try await client.send(
                "POST", "/workflows", ["workflow": workflow([node("n")]), "backend": "native"])
            #expect(named.status == 202 && named.json["backend_choice"] == nil)
        }
        try await Self.with(directory: directory) { server, _, _ in
            let run = try await server.client.send("GET", "/workflows/\(id)")
            #expect(run.json["backend_choice"]?["backend"] == "far", "\(run.text)")
        }
    }

    @Test("a backend that is not healthy is passed over, and when none is left the refusal says so")
    func unhealthy() async throws {
        try await Self.with { server, _, condition in
            let client = server.client
            condition.health = Self.sick
            let only: JSONValue = [
                "workflow": workflow([node("n", "x")]), "backend": "auto", "requires": ["distributed"],
            ]
            let none = try await client.send("POST", "/workflows", only)
            #expect(none.status == 503 && none.isProblem && none["retry-after"] == "5", "\(none.text)")
            #expect(none.json["type"] == "urn:flowcore:problem:no-healthy-backend")
            #expect(none.places == ["/backend"] && none.json["errors"]?[0]?["code"] == "unhealthy")
            #expect(none.details.contains("far: the backend is unhealthy: ") && none.details.contains("a disk is full"))
            // Where no health would help, the needs are told of each backend.
            let never: JSONValue = ["workflow": workflow([node("n")]), "backend": "auto", "requires": ["odd"]]
            let refused = try await client.send("POST", "/workflows", never)
            #expect(refused.status == 422 && refused.places.contains("/requires/0"), "\(refused.text)")
            #expect(refused.details.contains("native: ") && refused.details.contains("far: "))
            // A workflow is stored that cannot be run at the moment.
            let stored: JSONValue = ["nodes": [node("n", "x")], "backend": "auto", "requires": ["distributed"]]
            #expect(try await client.send("PUT", "/definitions/later", stored).status == 201)
            // Who names a backend gets it, healthy or not: its failures are the run's.
            let named: JSONValue = ["workflow": workflow([node("n", "x")]), "backend": "far"]
            #expect(try await client.send("POST", "/workflows", named).status == 202)
        }
    }

    @Test("what was learned of a service a moment ago is not asked again, and what is older is")
    func age() async throws {
        let clock = ManualClock()
        try await Self.with(clock: clock) { server, service, condition in
            let client = server.client
            func questions() -> Int { service.requests.count { $0.hasPrefix("GET /health") } }
            let body: JSONValue = ["workflow": workflow([node("n", "x")])]
            for _ in 0..<3 { _ = try await Self.match(client, body) }
            #expect(questions() == 1)
            condition.health = Self.sick
            clock.advance(by: .seconds(4))
            #expect(try await Self.match(client, body)[0]["healthy"] == true && questions() == 1)
            clock.advance(by: .seconds(1))
            let matches = try await Self.match(client, body)
            #expect(questions() == 2 && matches.first { $0["backend"] == "far" }?["healthy"] == false)
            // Who asks this backend alone is told how it is now, and all others with it.
            condition.health = nil
            #expect(try await client.send("GET", "/backends/far/health").json["healthy"] == true)
            #expect(try await Self.match(client, body)[0]["healthy"] == true && questions() == 3)
        }
    }

    @Test("a service that does not answer counts as unhealthy when the time is over, and keeps nobody longer")
    func silence() async throws {
        let clock = ManualClock()
        try await Self.with(clock: clock) { server, _, condition in
            let client = server.client
            condition.health = .silence
            async let answer = Self.match(client, ["workflow": workflow([node("n", "x")])])
            // The bound of the match, and that of the call to the service.
            await clock.sleepers(2)
            clock.advance(by: .seconds(2))
            let match = try await answer
            let far = match.first { $0["backend"] == "far" }
            #expect(Self.unmet(far) == ["unhealthy /backend"], "\(match)")
            #expect(far?["unmet"]?[0]?["detail"]?.string?.contains("did not answer within 2s") == true)
            // One that can be chosen without it is chosen without it.
            let run = try await client.run(workflow([node("a")]), ["backend": "auto"])
            #expect(run.json["backend"] == "native" && run.json["backend_choice"]?["considered"]?.array?.count == 1)
        }
    }

    @Test("a registration that is being removed takes no run, which is told as a need that it does not meet")
    func draining() async throws {
        let gate = Gate()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { _ in
                guard await gate.pass() else { throw CancellationError() }
                return .success(output: 1)
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            let wrapper: JSONValue = ["type": "metered", "config": [:]]
            #expect(try await client.send("PUT", "/backends/x", wrapper).status == 201)
            let body: JSONValue = ["workflow": workflow([node("a")]), "backend": "x"]
            #expect(try await client.send("POST", "/workflows", body).status == 202)
            await gate.arrivals(1)
            async let drained = client.send("DELETE", "/backends/x?drain=true")
            let named: JSONValue = ["workflow": workflow([node("a", "p", after: nil, nil, ["backend": "x"])])]
            var refused = try await client.send("POST", "/workflows", named)
            while refused.status == 202 { refused = try await client.send("POST", "/workflows", named) }
            #expect(refused.status == 422 && refused.places == ["/workflow/nodes/0/backend"], "\(refused.text)")
            #expect(refused.json["errors"]?[0]?["code"] == "draining")
            let matches = try await Self.match(client, body)
            #expect(Self.names(matches) == ["native", "x"] && Self.unmet(matches[1]) == ["draining /backend"])
            gate.open()
            #expect(try await drained.status == 204)
        }
    }
}
