import Crypto
import FlowCore
import FlowEngine
import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

/// What a run's receipts tell, that they can be checked without the server, and that no backend takes another one's place
/// in silence.
@Suite("receipts", .timeLimit(.minutes(1)))
struct ReceiptTests {
    static func receipts(_ client: TestClient, _ id: String, _ query: String = "") async throws -> JSONValue {
        let response = try await client.send("GET", "/workflows/\(id)/receipts\(query)")
        #expect(response.status == 200, "\(response.text)")
        return response.json
    }

    static func id(_ response: TestResponse) -> String { response.json["workflow_id"]?.string ?? "" }

    static func events(_ client: TestClient, _ id: String, _ type: String) async throws -> [JSONValue] {
        let events = try await client.send("GET", "/workflows/\(id)/events", headers: ["Accept": "application/json"])
        return (events.json["events"]?.array ?? []).filter { $0["type"]?.string == type }
    }

    /// The hash by the recipe of the documentation, apart from the product's own code.
    static func hash(_ text: String) -> String {
        "sha256:" + SHA256.hash(data: Array(text.utf8)).map { String(65536 + Int($0), radix: 16).suffix(2) }.joined()
    }

    static func problems(_ page: JSONValue, _ run: JSONValue? = nil) -> [String] {
        var verifier = ReceiptVerifier()
        verifier.add(page: page)
        if let run { verifier.check(run: run) }
        verifier.finish()
        return verifier.problems
    }

    @Test("each attempt has a receipt that names who did it and what went in and came out")
    func plain() async throws {
        try await TestServer.with { server in
            let client = server.client
            let nodes = [
                node("a", "set", ["value": ["y": 1, "x": "${input.n}"]]), node("b", after: ["a"]),
                node("c", "condition", after: ["b"], ["routes": [["to": "d"]]]), node("d", after: ["c"]),
            ]
            let run = try await client.run(workflow(nodes))
            try #require(run.json["status"] == "completed", "\(run.text)")
            let page = try await Self.receipts(client, Self.id(run))
            let receipts = page["receipts"]?.array ?? []
            try #require(receipts.count == 4)
            #expect(receipts.map { $0["node_id"] } == ["a", "b", "c", "d"] && page["next_after"] == .null)
            #expect(receipts.map { $0["sequence"] } == [1, 2, 3, 4] && page["status"] == "completed")
            let first = receipts[0]
            #expect(first["node_type"] == "set" && first["attempt"] == 1 && first["status"] == "completed")
            #expect(first["backend"] == "native" && first["worker"] == .null && first["error_hash"] == .null)
            let native: JSONValue = ["backend": "native", "type": "native", "version": "0", "config_hash": .null]
            #expect(first["executor"] == native)
            #expect(receipts[2]["executor"]?["type"] == "planner")
            #expect(first["input_hash"]?.string == Self.hash(#"{"n":1}"#))
            #expect(first["output_hash"]?.string == Self.hash(#"{"x":1,"y":1}"#))
            #expect(receipts[1]["input_hash"] == first["output_hash"])
            #expect(first["previous"] == page["submission_hash"] && receipts[1]["previous"] == first["hash"])
            #expect(page["head"] == receipts[3]["hash"])
            #expect(Self.problems(page, run.json) == [])
            // A run without nodes on other backends has no event more than before.
            #expect(try await Self.events(client, Self.id(run), "backend_identified").isEmpty)
        }
    }

    @Test("what was changed, left out or put elsewhere is found")
    func tampering() async throws {
        try await TestServer.with { server in
            let client = server.client
            let run = try await client.run(workflow([node("a"), node("b", "set", ["value": 2]), node("c")]))
            let page = try await Self.receipts(client, Self.id(run))
            let receipts = page["receipts"]?.array ?? []
            try #require(receipts.count == 3)
            func with(_ changed: [JSONValue]) -> JSONValue {
                var object = page.object ?? [:]
                object["receipts"] = .array(changed)
                return .object(object)
            }
            var forged = receipts[1].object ?? [:]
            forged["backend"] = "other"
            #expect(
                Self.problems(with([receipts[0], .object(forged), receipts[2]])) == [
                    "receipt 2 does not say what its hash says"
                ])
            forged["hash"] = nil
            forged["hash"] = .string(ReceiptHash.of(.object(forged)))
            #expect(
                Self.problems(with([receipts[0], .object(forged), receipts[2]])) == [
                    "receipt 3 does not build on the one before it"
                ])
            #expect(Self.problems(with([receipts[0], receipts[2]])).count == 2)
            #expect(Self.problems(with(Array(receipts.prefix(2)))) == ["the last receipt is not the head"])
            var other = run.json.object ?? [:]
            other["nodes"] = [
                "b": ["status": "completed", "input_data": ["n": 1], "output_data": 3]
            ]
            #expect(
                Self.problems(page, .object(other)) == [
                    "the output_data of the node \"b\" is not what its receipt tells"
                ])
            #expect(Self.problems(["nothing": 1]).count == 2)
        }
    }

    @Test("receipts come in pages, and refuse what is no page")
    func pages() async throws {
        try await TestServer.with { server in
            let client = server.client
            let run = try await client.run(workflow((0..<5).map { node("n\($0)") }))
            let path = "/workflows/\(Self.id(run))/receipts"
            var verifier = ReceiptVerifier()
            var next: Int64? = 0
            var sizes: [Int] = []
            while let after = next {
                let response = try await client.send("GET", path + "?after=\(after)&limit=2")
                verifier.add(page: response.json)
                sizes.append(response.json["receipts"]?.array?.count ?? 0)
                next = response.json["next_after"]?.integer
                #expect((response["link"] == nil) == (next == nil))
                if let next { #expect(response["link"] == "<\(path)?limit=2&after=\(next)>; rel=\"next\"") }
            }
            verifier.finish()
            #expect(sizes == [2, 2, 1] && verifier.problems == [] && verifier.count == 5)
            for query in ["?after=-1", "?after=x", "?limit=0", "?limit=1001", "?odd=1"] {
                let response = try await client.send("GET", path + query)
                #expect(response.status == 400 && response.isProblem, "\(query)")
            }
            #expect(try await client.send("GET", path + "?after=99").json["receipts"] == [])
            #expect(try await client.send("GET", "/workflows/none/receipts").status == 404)
            #expect(try await client.send("POST", path).status == 405)
        }
    }

    @Test("a node that goes to the next backend of a list is an event at once, and its receipt names that one")
    func fallback() async throws {
        let script: @Sendable (String) -> FakeRemoteService.Reply? = { line in
            line == "POST /nodes/execute" ? .answer(503, type: "text/plain", "full") : nil
        }
        try await FakeRemoteService.with(script) { service in
            try await TestServer.with { server in
                let client = server.client
                let bodies: [(String, JSONValue)] = [
                    ("far", ["type": "remote", "config": ["url": .string(service.url)]]),
                    ("near", ["type": "metered", "config": [:]]),
                    ("either", ["type": "fallback", "config": ["backends": ["far", "near"]]]),
                    ("audited", ["type": "logging", "config": ["backend": "either", "log_level": "critical"]]),
                ]
                for (name, body) in bodies {
                    #expect(try await client.send("PUT", "/backends/\(name)", body).status == 201)
                }
                for nodes in [[node("a", "set", ["value": 7])], [node("a", "delay", ["duration": "1ms"])]] {
                    let run = try await client.run(workflow(nodes), ["backend": "audited"])
                    #expect(run.json["status"] == "completed", "\(run.text)")
                    let id = Self.id(run)
                    let switches = try await Self.events(client, id, "backend_switched")
                    #expect(switches.count == 1 && switches[0]["from_backend"] == "far", "\(switches)")
                    #expect(switches[0]["backend"] == "near" && switches[0]["node_id"] == "a")
                    #expect(switches[0]["code"] == "overloaded" && switches[0]["reason"]?.string?.isEmpty == false)
                    let page = try await Self.receipts(client, id)
                    let receipt = page["receipts"]?[0]
                    #expect(receipt?["backend"] == "audited" && receipt?["executor"]?["backend"] == "native")
                    #expect(receipt?["switches"] == [["from": "far", "to": "near"]])
                    #expect(Self.problems(page, run.json) == [])
                    let identified = try await Self.events(client, id, "backend_identified")
                    #expect(identified.count == 1 && identified[0]["backend"] == "audited")
                    let inner = identified[0]["identity"]?["wraps"]?[0]
                    #expect(inner?["backend"] == "either" && inner?["wraps"]?[0]?["type"] == "remote", "\(identified)")
                    #expect(inner?["wraps"]?[0]?["version"] == "1")
                }
            }
        }
    }

    @Test("a worker that a result names is in the receipt, of a success and of a failure")
    func workers() async throws {
        let fails = Mutex(false)
        let script: @Sendable (String) -> FakeRemoteService.Reply? = { line in
            guard line == "POST /nodes/execute" else { return nil }
            return fails.withLock { $0 }
                ? .json(#"{"success":false,"error":{"code":"odd","message":"no","details":{"worker":"w2"}}}"#)
                : .json(#"{"success":true,"output":1,"error":null,"metadata":{"worker":"w1"}}"#)
        }
        try await FakeRemoteService.with(script) { service in
            try await TestServer.with { server in
                let client = server.client
                let body: JSONValue = ["type": "remote", "config": ["url": .string(service.url)]]
                #expect(try await client.send("PUT", "/backends/far", body).status == 201)
                let run = try await client.run(workflow([node("a", "x")]), ["backend": "far"])
                let receipt = try await Self.receipts(client, Self.id(run))["receipts"]?[0]
                #expect(receipt?["worker"] == "w1" && receipt?["executor"]?["type"] == "remote", "\(receipt ?? .null)")
                #expect(receipt?["executor"]?["version"] == "1")
                let hash = receipt?["executor"]?["config_hash"]?.string
                #expect(hash == Self.hash("{\"url\":\"\(service.url)\"}"))
                fails.withLock { $0 = true }
                let failed = try await client.run(workflow([node("a", "x")]), ["backend": "far"])
                let page = try await Self.receipts(client, Self.id(failed))
                #expect(page["receipts"]?[0]?["worker"] == "w2" && page["receipts"]?[0]?["status"] == "failed")
                #expect(page["receipts"]?[0]?["output_hash"] == .null)
                #expect(page["receipts"]?[0]?["error_hash"]?.string?.hasPrefix("sha256:") == true)
                #expect(Self.problems(page, failed.json) == [])
            }
        }
    }

    @Test("a move, and a registration that is replaced while a run goes on, show in events and receipts")
    func moving() async throws {
        let gate = Gate()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                if request.node.id == "b" { guard await gate.pass() else { throw CancellationError() } }
                return .success(output: .string(request.node.id.rawValue))
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            func wrapper(_ level: String) -> JSONValue { ["type": "logging", "config": ["log_level": .string(level)]] }
            for name in ["x", "y"] {
                #expect(try await client.send("PUT", "/backends/\(name)", wrapper("critical")).status == 201)
            }
            let nodes = [
                node("a"), node("b"), node("c"), node("d", "p", after: nil, nil, ["backend": "x"]),
            ]
            let body: JSONValue = ["workflow": workflow(nodes), "backend": "x"]
            let id = Self.id(try await client.send("POST", "/workflows", body))
            await gate.arrivals(1)
            #expect(try await client.send("POST", "/workflows/\(id)/move", ["backend": "y"]).status == 202)
            #expect(try await client.send("PUT", "/backends/x", wrapper("error")).status == 200)
            gate.open()
            let run = try await client.send("GET", "/workflows/\(id)?wait=20s")
            #expect(run.json["status"] == "completed", "\(run.text)")
            #expect(try await Self.events(client, id, "workflow_moved").map { $0["backend"] } == ["y"])
            let identified = try await Self.events(client, id, "backend_identified")
            try #require(identified.count == 3, "\(identified)")
            #expect(identified.map { $0["backend"] } == ["x", "y", "x"], "\(identified)")
            #expect(identified[0]["identity"] != identified[2]["identity"])
            let page = try await Self.receipts(client, id)
            let receipts = page["receipts"]?.array ?? []
            #expect(receipts.map { $0["backend"] } == ["x", "x", "y", "x"])
            #expect(
                receipts.allSatisfy { $0["executor"]?["type"] == "scripted" || $0["executor"]?["type"] == "native" })
            #expect(Self.problems(page, run.json) == [])
        }
    }

    @Test("attempts that fail, are made again, are answered or end with their run all have their receipts")
    func ends() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await TestServer.with(options) { server in
            let client = server.client
            let again: JSONObject = [
                "retry": ["max_attempts": 2, "initial_delay": 0, "retry_on": ["odd"]], "on_error": "continue",
            ]
            let nodes = [
                node("f", "fail", after: nil, ["message": "no", "code": "odd"], again),
                node("q", "approval"), node("z", "approval"),
            ]
            let made = try await client.send("POST", "/workflows", ["workflow": workflow(nodes)])
            try #require(made.status == 202, "\(made.text)")
            let id = Self.id(made)
            func wait(for node: String) async throws {
                while try await client.send("GET", "/workflows/\(id)").json["nodes"]?[node]?["status"] != "interrupted"
                {
                    clock.advance(by: .seconds(1))
                }
            }
            try await wait(for: "q")
            let before = try await Self.receipts(client, id)
            #expect((before["receipts"]?.array ?? []).map { $0["attempt"] } == [1, 2] && Self.problems(before) == [])
            let answer: JSONValue = ["output": ["approved": true]]
            #expect(try await client.send("POST", "/workflows/\(id)/nodes/q/resume", answer).status == 202)
            try await wait(for: "z")
            #expect(try await client.send("POST", "/workflows/\(id)/cancel").status == 202)
            _ = try await client.send("GET", "/workflows/\(id)?wait=20s")
            let page = try await Self.receipts(client, id)
            let receipts = page["receipts"]?.array ?? []
            try #require(receipts.count == 4, "\(page)")
            #expect(receipts.map { $0["status"] } == ["failed", "failed", "completed", "cancelled"], "\(page)")
            #expect(receipts[2]["answered"] == true && receipts[3]["answered"] == nil)
            #expect(Array(receipts.prefix(2)) == before["receipts"]?.array && Self.problems(page) == [])
        }
    }

    @Test("a run that no journal keeps has receipts as long as it is there")
    func volatile() async throws {
        try await TestServer.with { server in
            let run = try await server.client.run(workflow([node("a"), node("b")]), ["durability": "none"])
            let page = try await Self.receipts(server.client, Self.id(run))
            #expect(page["receipts"]?.array?.count == 2 && Self.problems(page, run.json) == [])
        }
    }
}
