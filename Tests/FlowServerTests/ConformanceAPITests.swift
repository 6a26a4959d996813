import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import FlowTesting
import TestSupport
import Testing

/// Gives the results that a test wants, when it wants them.
private struct ScriptedJudge: ConformanceJudge {
    /// What comes before the gate, and what behind it.
    var before: [ConformanceResult] = []
    var after: [ConformanceResult] = []
    var gate: Gate?
    var fault: (any Error)?

    func issues(in wish: ConformanceWish) -> [ValidationIssue] { [] }
    func count(_ wish: ConformanceWish) -> Int { before.count + after.count }
    func report(of results: [ConformanceResult]) -> ConformanceReport {
        ConformanceReport(results.sorted { $0.id < $1.id })
    }

    func results(
        of backend: any Backend, _ wish: ConformanceWish
    ) -> AsyncThrowingStream<ConformanceResult, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                for result in before { continuation.yield(result) }
                if let gate, await !gate.pass() { return continuation.finish() }
                for result in after { continuation.yield(result) }
                continuation.finish(throwing: fault)
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

private func result(
    _ id: String, _ level: ConformanceLevel = .l0, _ outcome: ConformanceResult.Outcome = .passed, detail: String = ""
) -> ConformanceResult {
    ConformanceResult(
        id: "\(level.rawValue).\(id)", group: "some", level: level, title: "does <it>", outcome: outcome,
        detail: detail,
        duration: .milliseconds(1234))
}

@Suite("runs of the conformance suite", .timeLimit(.minutes(2)))
struct ConformanceAPITests {
    private static let runs = "/backends/native/conformance-runs"

    private static func options(_ judge: any ConformanceJudge) -> TestServer.Options {
        var options = TestServer.Options()
        options.judge = judge
        return options
    }

    /// The run once it has ended, and the events up to then.
    private static func end(
        _ server: TestServer, _ location: String?
    ) async throws -> (run: JSONValue, events: [(type: String, data: JSONValue)]) {
        let path = try #require(location)
        let stream = try await server.client.send("GET", path, headers: ["Accept": "text/event-stream"])
        #expect(stream.status == 200 && stream["content-type"] == "text/event-stream")
        return (try await server.client.send("GET", path).json, serverSentEvents(stream.text))
    }

    @Test("the suite itself judges native: 202, progress, the report, JUnit, the list, and the backend shows it")
    func whole() async throws {
        try await TestServer.with { server in
            #expect(try await server.client.send("GET", "/backends/native").json["conformance"] == .null)
            let begun = try await server.client.send("POST", Self.runs, ["level": "L1"])
            #expect(begun.status == 202 && begun.json["status"] == "running", "\(begun.text)")
            let location = try #require(begun["location"])
            #expect(location == "\(Self.runs)/\(begun.json["id"]?.string ?? "")")
            let (run, events) = try await Self.end(server, location)
            #expect(run["status"] == "passed" && run["level"] == "L1" && run["failed"] == 0, "\(run)")
            let cases = run["cases"]?.array ?? []
            #expect(run["total"] == .integer(Int64(cases.count)) && cases.count > 50)
            #expect(events.count { $0.type == "case" } == cases.count && events.last?.type == "end")
            #expect(events.last?.data["status"] == "passed" && events.last?.data["cases"] == nil)
            for type in ["application/xml", "application/junit+xml"] {
                let xml = try await server.client.send("GET", location, headers: ["Accept": type])
                #expect(xml["content-type"] == type && xml.text.contains("<testsuites name=\"native\""))
            }
            let list = try await server.client.send("GET", Self.runs).json
            #expect(list["conformance_runs"]?[0]?["id"] == run["id"] && list["next_cursor"] == .null)
            let shown = try await server.client.send("GET", "/backends/native").json["conformance"]
            #expect(shown?["id"] == run["id"] && shown?["status"] == "passed" && shown?["level"] == "L1")
        }
    }

    @Test("one run of a backend is made at a time, and whoever follows sees each result as it comes")
    func progress() async throws {
        let gate = Gate()
        let judge = ScriptedJudge(
            before: [result("a")],
            after: [result("b", .l1, .failed, detail: "expected <this> & \"that\"\nreceived: none")],
            gate: gate)
        try await TestServer.with(Self.options(judge)) { server in
            let begun = try await server.client.send("POST", Self.runs)
            #expect(begun.status == 202, "\(begun.text)")
            let second = try await server.client.send("POST", Self.runs)
            #expect(second.status == 409 && second.isProblem)
            let connection = try await RawConnection(port: server.client.port)
            let path = try #require(begun["location"])
            await connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
            let reader = ResponseReader(connection)
            #expect(await reader.head()?.status == 200)
            var text = ""
            while !text.contains("L0.a"), let chunk = await reader.chunk() {
                text += String(decoding: chunk, as: UTF8.self)
            }
            #expect(text.contains("id: 1\nevent: case\n"))
            let partial = try await server.client.send("GET", path).json
            #expect(partial["status"] == "running" && partial["passed"] == 1 && partial["total"] == 2)
            gate.open()
            while !text.contains("event: end"), let chunk = await reader.chunk() {
                text += String(decoding: chunk, as: UTF8.self)
            }
            #expect(text.contains("id: 2\nevent: case\n") && text.contains("event: end"))
            let run = try await server.client.send("GET", path).json
            #expect(run["status"] == "failed" && run["level"] == "L0" && run["failed"] == 1)
            let xml = try await server.client.send("GET", path, headers: ["Accept": "application/xml"]).text
            #expect(xml.contains("<failure message=\"expected &lt;this&gt; &amp; &quot;that&quot;\">"), "\(xml)")
            #expect(xml.contains("time=\"1.234\"") && xml.contains("failures=\"1\""))
            // Who comes back goes on behind what was seen.
            let rest = try await server.client.send(
                "GET", path, headers: ["Accept": "text/event-stream", "Last-Event-ID": "1"])
            #expect(serverSentEvents(rest.text).map(\.type) == ["case", "end"])
            #expect(try await server.client.send("POST", Self.runs).status == 202)
        }
    }

    @Test("so many backends are judged at the same time; others are refused until one of them is through")
    func limit() async throws {
        let gate = Gate()
        var options = Self.options(ScriptedJudge(after: [result("a")], gate: gate))
        options.limits.conformanceRuns = 2
        try await TestServer.with(options) { server in
            func begin(_ name: String) async throws -> TestResponse {
                try await server.client.send("POST", "/backends/\(name)/conformance-runs")
            }
            for name in ["x", "y"] {
                #expect(try await server.client.send("PUT", "/backends/\(name)", ["type": "logging"]).status == 201)
            }
            #expect(try await server.client.send("GET", "/limits").json["max_conformance_runs"] == 2)
            let first = try await begin("native")
            #expect(try await begin("x").status == 202)
            let refused = try await begin("y")
            #expect(refused.status == 429 && refused.isProblem && refused["retry-after"] != nil, "\(refused.text)")
            #expect(try await begin("x").status == 409, "what the backend itself does comes first")
            gate.open()
            _ = try await Self.end(server, first["location"])
            #expect(try await begin("y").status == 202)
        }
    }

    @Test("what is wrong with a request is told at its place")
    func refusals() async throws {
        try await TestServer.with { server in
            let wrong = try await server.client.send(
                "POST", Self.runs, ["level": "L9", "only": "x", "samples": [], "deadline": 1])
            #expect(wrong.status == 422 && wrong.isProblem)
            #expect(wrong.places == ["/level", "/only", "/samples", "/deadline"], "\(wrong.text)")
            let inside = try await server.client.send(
                "POST", Self.runs,
                ["only": ["L1.errors", "nothing"], "samples": ["fails": ["kind": "x"], "other": [:]]])
            #expect(inside.status == 422)
            #expect(
                inside.places == ["/only/1", "/samples/fails", "/samples/fails/kind", "/samples/other"],
                "\(inside.text)")
            #expect(try await server.client.send("POST", "/backends/nobody/conformance-runs").status == 404)
            #expect(try await server.client.send("GET", "\(Self.runs)/nothing").status == 404)
            #expect(try await server.client.send("GET", "\(Self.runs)?limit=0").status == 400)
            #expect(try await server.client.send("GET", "\(Self.runs)?page=2").status == 400)
        }
    }

    @Test("cases can be chosen, and samples given")
    func chosen() async throws {
        try await TestServer.with { server in
            let begun = try await server.client.send(
                "POST", Self.runs,
                ["only": ["L1.node.input-reaches-it"], "samples": ["echoes": ["type": "set", "config": ["value": 1]]]])
            #expect(begun.json["total"] == 1 && begun.json["only"] == ["L1.node.input-reaches-it"], "\(begun.text)")
            // The sample says of `set` what is not so.
            let run = try await Self.end(server, begun["location"]).run
            #expect(run["status"] == "failed" && run["failed"] == 1 && run["level"] == .null, "\(run)")
            let detail = run["cases"]?[0]?["detail"]?.string ?? ""
            #expect(detail.contains("expected: ") && detail.contains("received: ") && detail.contains("sent: "))
        }
    }

    @Test("whoever has seen the end of a run finds it stored, and may begin the next one")
    func oneAfterTheOther() async throws {
        try await TestServer.with { server in
            let wish: JSONValue = ["only": ["L0.http.head"]]
            for number in 1...20 {
                let begun = try await server.client.send("POST", "/backends/native/conformance-runs", wish)
                #expect(begun.status == 202, "\(begun.text)")
                let path = try #require(begun["location"])
                _ = try await server.client.send("GET", path, headers: ["Accept": "text/event-stream"])
                let list = try await server.client.send("GET", "/backends/native/conformance-runs").json
                #expect(list["conformance_runs"]?.array?.count == number, "\(list)")
                let shown = try await server.client.send("GET", "/backends/native").json["conformance"]
                #expect(shown?["id"] == begun.json["id"] && shown?["status"] == "passed", "\(shown ?? .null)")
            }
        }
    }

    @Test("whoever comes back after the end is told what is missing, in the order in which it came")
    func comingBack() async throws {
        let judge = ScriptedJudge(before: ["c", "a", "b"].map { result($0) })
        try await TestServer.with(Self.options(judge)) { server in
            let path = try #require(try await server.client.send("POST", Self.runs)["location"])
            let run = try await Self.end(server, path).run
            #expect(run["cases"]?.array?.map { $0["id"] } == ["L0.a", "L0.b", "L0.c"])
            func told(after id: Int) async throws -> [String] {
                let text = try await server.client.send(
                    "GET", path, headers: ["Accept": "text/event-stream", "Last-Event-ID": "\(id)"]
                ).text
                return serverSentEvents(text).compactMap { $0.type == "case" ? $0.data["id"]?.string : nil }
            }
            #expect(try await told(after: 0) == ["L0.c", "L0.a", "L0.b"])
            #expect(try await told(after: 1) == ["L0.a", "L0.b"])
            #expect(try await told(after: 3) == [])
        }
    }

    @Test("lists have pages, and so many runs are kept")
    func pages() async throws {
        try await TestServer.with(Self.options(ScriptedJudge(before: [result("a")]))) { server in
            var ids: [JSONValue] = []
            for _ in 0..<3 {
                let run = try await Self.end(
                    server, try await server.client.send("POST", Self.runs)["location"]
                ).run
                ids.append(run["id"] ?? .null)
                // The place is free once the run has been stored, which its end does not wait for.
                while try await server.client.send("GET", Self.runs).json["conformance_runs"]?[0]?["status"]
                    == "running"
                {}
            }
            let first = try await server.client.send("GET", "\(Self.runs)?limit=2")
            #expect(first.json["conformance_runs"]?.array?.map { $0["id"] ?? .null } == [ids[2], ids[1]])
            #expect(first.json["conformance_runs"]?[0]?["cases"] == nil)
            let cursor = try #require(first.json["next_cursor"]?.string)
            #expect(first["link"] == "<\(Self.runs)?limit=2&cursor=\(cursor)>; rel=\"next\"")
            let second = try await server.client.send("GET", "\(Self.runs)?limit=2&cursor=\(cursor)")
            #expect(second.json["conformance_runs"]?.array?.map { $0["id"] ?? .null } == [ids[0]])
            #expect(second.json["next_cursor"] == .null)
        }
    }

    @Test("a run whose end the disk does not take has ended all the same, and opens a gate once it is stored")
    func fullDisk() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let detail = String(repeating: "x", count: 16 << 10)
        var options = Self.options(
            ScriptedJudge(
                after: (0..<40).map { result("a\($0)", .l0, .skipped, detail: detail) } + [result("b")], gate: gate))
        options.clock = clock
        let directory = temporaryDirectory()
        let path = "/backends/proven/conformance-runs"
        let location = try await TestServer.with(options, directory: directory) { server in
            let registration: JSONValue = [
                "type": "logging", "config": ["backend": "native"], "require_conformance": "L0",
            ]
            #expect(try await server.client.send("PUT", "/backends/proven", registration).status == 201)
            let location = try #require(try await server.client.send("POST", path)["location"])
            try await server.fillDisk(true)
            gate.open()
            let run = try await Self.end(server, location)
            #expect(
                run.run["status"] == "passed" && run.events.last?.data["status"] == "passed",
                "\(run.run["status"] ?? .null)")
            let listed = try await server.client.send("GET", path).json["conformance_runs"]
            #expect(listed?[0]?["status"] == "passed" && listed?[0]?["level"] == "L0", "\(listed ?? .null)")
            #expect(try await server.client.send("GET", "/backends/proven").json["conformance"]?["status"] == "passed")
            #expect(try await server.client.send("POST", path).status == 503)
            try await server.fillDisk(false)
            #expect(try await server.client.run(workflow([node("a")]), ["backend": "proven"]).status == 422)
            var taken = 422
            while taken == 422 {
                clock.advance(by: .seconds(1))
                taken = try await server.client.run(workflow([node("a")]), ["backend": "proven"]).status
            }
            #expect(taken == 200)
            return location
        }
        try await TestServer.with(directory: directory) { server in
            let run = try await server.client.send("GET", location).json
            #expect(run["status"] == "passed", "\(run["status"] ?? .null)")
        }
    }

    @Test("a backend that does not answer is told as such, without any secret of the server's")
    func fault() async throws {
        struct Fault: Error, CustomStringConvertible { let description = "it said hush-hush-hush" }
        var options = Self.options(
            ScriptedJudge(before: [result("a", .l0, .failed, detail: "received: hush-hush-hush")], fault: Fault()))
        options.secrets = Secrets(["peer": "hush-hush-hush"])
        try await TestServer.with(options) { server in
            let run = try await Self.end(server, try await server.client.send("POST", Self.runs)["location"]).run
            #expect(run["status"] == "failed" && run["error"]?.string?.contains("it said") == true)
            #expect(!"\(run)".contains("hush"))
        }
    }
}
