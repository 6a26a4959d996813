import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import FlowTesting
import TestSupport
import Testing

/// What clients wish of an answer: representations, preferences and versions. Each is met or refused, none is passed over.
@Suite("wishes of clients", .timeLimit(.minutes(1)))
struct NegotiationTests {
    static let reads = [
        "/workflows", "/workflows/ID", "/workflows/ID/nodes", "/workflows/ID/nodes/a", "/workflows/ID/events",
        "/backends", "/backends/native", "/backends/native/capabilities", "/backends/native/health", "/node-types",
        "/livez", "/healthz", "/readyz", "/limits",
    ]

    /// Calls `body` with a server, a run that has ended, and its path.
    static func with(_ body: (TestClient, String) async throws -> Void) async throws {
        try await TestServer.with { server in
            let run = try await server.client.run(workflow([node("a")]))
            try await body(server.client, run.json["workflow_id"]?.string ?? "")
        }
    }

    static let accepts: [(accept: String, isTaken: Bool)] = [
        ("*/*", true), ("application/json", true), ("application/problem+json", true), ("application/*", true),
        ("*", true), ("", true), ("Application/JSON; charset=utf-8", true), ("text/html, */*;q=0.1", true),
        ("application/json;q=0.001", true), ("text/html;q=0.9, application/json;q=0.1", true),
        ("*/*;q=0, application/json", true), ("application/json, */*;q=0", true),
        ("text/html", false), ("text/*", false), ("application/xml", false), ("application/json;q=0", false),
        ("*/*;q=0", false), ("application/json;q=0, */*", false), ("application/json;q=0.0, application/*;q=1", false),
        ("application/json;q=0, application/problem+json", false), ("*/*;q=0, text/html", false), ("odd", false),
    ]

    @Test("JSON is what there is: a client that does not take it learns so", arguments: accepts.indices)
    func accept(index: Int) async throws {
        let (accept, isTaken) = Self.accepts[index]
        try await Self.with { client, _ in
            let response = try await client.send("GET", "/backends/native/capabilities", headers: ["Accept": accept])
            #expect(response.status == (isTaken ? 200 : 406), "\(accept): \(response.text)")
            guard !isTaken else { return }
            #expect(response.isProblem && response.places == ["Accept"])
            #expect(response.json["type"] == "urn:flowcore:problem:not-acceptable")
            #expect(response.details.contains("application/json"))
        }
    }

    @Test("a request whose answer nobody would take is refused everywhere, and does nothing")
    func notAcceptable() async throws {
        try await Self.with { client, id in
            let html = ["Accept": "text/html"]
            for path in Self.reads {
                let path = path.replacing("ID", with: id)
                for method in ["GET", "HEAD"] {
                    #expect(try await client.send(method, path, headers: html).status == 406, "\(method) \(path)")
                }
                #expect(try await client.send("GET", path).status == 200, "\(path)")
            }
            let run: JSONValue = ["workflow": workflow([node("a")])]
            let backend: JSONValue = ["name": "x", "type": "logging"]
            for (path, body) in [
                ("/workflows", run), ("/workflows/match", run), ("/backends", backend),
                ("/workflows/\(id)/cancel", [:]),
            ] {
                let response = try await client.send("POST", path, body, headers: html)
                #expect(response.status == 406 && response.isProblem, "\(path): \(response.text)")
            }
            #expect(try await client.send("PUT", "/backends/x", ["type": "logging"], headers: html).status == 406)
            #expect(try await client.send("GET", "/workflows").json["workflows"]?.array?.count == 1)
            #expect(try await client.send("GET", "/backends").json["backends"]?.array?.count == 1)
            // What is not there stays so, whatever is accepted; an answer without content suits everybody.
            #expect(try await client.send("GET", "/nothing", headers: html).status == 404)
            #expect(try await client.send("DELETE", "/workflows/\(id)", headers: html).status == 204)
        }
    }

    @Test("what is no JSON is there for those who take it")
    func otherTypes() async throws {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        try await Self.with { client, _ in
            for (path, accept, status) in [
                ("/metrics", prometheus, 200), ("/metrics", "text/plain", 200), ("/metrics", "application/json", 406),
                ("/docs", browser, 200), ("/docs", "text/html", 200), ("/docs", "application/problem+json", 406),
                ("/openapi.yaml", "application/yaml", 200), ("/openapi.yaml", "application/json", 406),
                ("/", browser, 307), ("/", "image/png", 307), ("/workflows", browser, 200),
            ] {
                let response = try await client.send("GET", path, headers: ["Accept": accept])
                #expect(response.status == status, "\(path) as \(accept)")
            }
        }
    }

    @Test("two fields say together what is accepted")
    func twoFields() async throws {
        try await Self.with { client, _ in
            for (second, status) in [("application/json", 200), ("text/plain", 406)] {
                let connection = try await RawConnection(port: client.port)
                await connection.send(
                    "GET /livez HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nAccept: \(second)\r\n\r\n")
                #expect(await ResponseReader(connection).response()?.status == status)
            }
        }
    }

    @Test("who may not ask learns that first")
    func order() async throws {
        var options = TestServer.Options()
        options.application.keys = try #require(APIKeys(["viewer:viewer-key-0123456"]))
        try await TestServer.with(options) { server in
            let response = try await server.client.send("GET", "/workflows", headers: ["Accept": "text/html"])
            #expect(response.status == 401)
        }
    }

    @Test("with strict handling a preference that is not known is an error of every read; else it is not applied")
    func strict() async throws {
        try await Self.with { client, id in
            for path in Self.reads + ["/metrics", "/docs", "/openapi.yaml", "/"] {
                let path = path.replacing("ID", with: id)
                func send(_ prefer: String) async throws -> TestResponse {
                    try await client.send("GET", path, headers: ["Prefer": prefer])
                }
                let refused = try await send("odd; x=1, handling=strict, respond-async")
                #expect(refused.status == 400 && refused.isProblem, "\(path): \(refused.status)")
                #expect(refused.places == ["Prefer", "Prefer"] && refused.details.contains("\"odd\""))
                let strict = try await send("handling=strict")
                #expect(strict.status < 400 && strict["preference-applied"] == "handling=strict", "\(path)")
                let lenient = try await send("odd, handling=lenient")
                #expect(lenient.status < 400 && lenient["preference-applied"] == "handling=lenient", "\(path)")
                let silent = try await send("odd, handling=loose")
                #expect(silent.status < 400 && silent["preference-applied"] == nil, "\(path)")
            }
            let match: JSONValue = ["workflow": workflow([node("a")])]
            let headers = ["Prefer": "handling=strict, wait=1"]
            #expect(try await client.send("POST", "/workflows/match", match, headers: headers).places == ["Prefer"])
            #expect(try await client.send("DELETE", "/workflows/\(id)", headers: headers).places == ["Prefer"])
            #expect(try await client.send("GET", "/workflows/\(id)").status == 200)
        }
    }

    static let waits: [(prefer: String?, query: String, applied: String?)] = [
        ("wait=7", "", "wait=7"), ("wait=60", "", "wait=60"), ("wait=61", "", "wait=60"), ("wait=0", "", "wait=0"),
        ("wait=99999999999999999999", "", "wait=60"), ("wait=1.5", "", nil), ("wait=-1", "", nil), ("wait=+1", "", nil),
        ("wait", "", nil), ("wait=\"9\"", "", "wait=9"), ("wait=61, handling=strict", "", "wait=60, handling=strict"),
        (nil, "?wait=10s", nil), (nil, "?wait=60s", nil), (nil, "?wait=61s", "wait=60"), (nil, "?wait=2h", "wait=60"),
        ("wait=5", "?wait=10s", nil),
    ]

    @Test(
        "a wait that is longer than the server's longest is cut, and the answer tells to what", arguments: waits.indices
    )
    func longestWait(index: Int) async throws {
        let (prefer, query, applied) = Self.waits[index]
        var options = TestServer.Options()
        options.limits.maximumWait = .seconds(60)
        try await TestServer.with(options) { server in
            let headers = prefer.map { ["Prefer": $0] } ?? [:]
            let run = try await server.client.run(workflow([node("a")]))
            let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")"
            let read = try await server.client.send("GET", path + query, headers: headers)
            #expect(read.status == 200 && read["preference-applied"] == applied)
            guard query.isEmpty else { return }
            let body: JSONValue = ["workflow": workflow([node("a")])]
            let submitted = try await server.client.send("POST", "/workflows", body, headers: headers)
            #expect(submitted["preference-applied"] == applied)
            #expect(submitted.status == (applied == nil ? 202 : 200) || applied == "wait=0")
        }
    }

    @Test("what is told of a wait is how long it takes")
    func cutWait() async throws {
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        options.limits.maximumWait = .seconds(60)
        try await TestServer.with(options) { server in
            let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]
            async let submitted = server.client.send("POST", "/workflows", slow, headers: ["Prefer": "wait=3000"])
            // The node sleeps, and so does the wait.
            await clock.sleepers(2)
            clock.advance(by: .seconds(60))
            let response = try await submitted
            #expect(response.status == 202 && response["preference-applied"] == "wait=60")
            let path = "/workflows/\(response.json["workflow_id"]?.string ?? "")"
            async let read = server.client.send("GET", path, headers: ["Prefer": "wait=3000"])
            await clock.sleepers(2)
            clock.advance(by: .seconds(60))
            let later = try await read
            #expect(later.json["status"] == "running" && later["preference-applied"] == "wait=60")
            // Nobody moves the clock any more, by which the server would wait for the run.
            #expect(try await server.client.send("POST", path + "/cancel").status == 202)
        }
    }

    @Test("a run is read and removed in the version that the client knows, or not at all")
    func versions() async throws {
        try await Self.with { client, id in
            let path = "/workflows/\(id)"
            let tag = try await client.send("GET", path)["etag"] ?? ""
            for (method, others) in [("GET", ["\"1\"", "W/\(tag)"]), ("DELETE", ["\"1\"", "W/\(tag)"])] {
                for other in others {
                    let response = try await client.send(method, path, headers: ["If-Match": other])
                    #expect(response.status == 412 && response.isProblem, "\(method) \(other)")
                    #expect(response.places == ["If-Match"] && response["etag"] == tag)
                }
            }
            for method in ["GET", "DELETE"] {
                for field in ["If-Match", "If-None-Match"] {
                    for odd in ["odd", "*, \"1\"", "\"1\", *"] {
                        let response = try await client.send(method, path, headers: [field: odd])
                        #expect(response.status == 400 && response.isProblem, "\(method) \(field) \(odd)")
                        #expect(response.places == [field])
                    }
                }
            }
            for other in [tag, "W/\(tag)", "*"] {
                let response = try await client.send("DELETE", path, headers: ["If-None-Match": other])
                #expect(response.status == 412 && response.places == ["If-None-Match"], "\(other)")
            }
            for same in [tag, "\"1\", \(tag)", "*"] {
                #expect(try await client.send("GET", path, headers: ["If-Match": same]).status == 200, "\(same)")
            }
            #expect(try await client.send("DELETE", "/workflows/none", headers: ["If-Match": "*"]).status == 404)
            #expect(try await client.send("DELETE", path, headers: ["If-Match": tag]).status == 204)
        }
    }

    @Test("a backend has no version: it is replaced when it is there, or when it is not, and nothing else can be asked")
    func backendVersions() async throws {
        try await Self.with { client, _ in
            let info: JSONValue = ["type": "logging"]
            let debug: JSONValue = ["type": "logging", "config": ["log_level": "debug"]]
            func put(_ body: JSONValue, _ headers: [String: String]) async throws -> TestResponse {
                try await client.send("PUT", "/backends/x", body, headers: headers)
            }
            let missing = try await put(info, ["If-Match": "*"])
            #expect(missing.status == 412 && missing.places == ["If-Match"] && missing.isProblem)
            #expect(try await client.send("GET", "/backends/x").status == 404)
            #expect(try await put(info, ["If-None-Match": "*"]).status == 201)
            let taken = try await put(debug, ["If-None-Match": "*"])
            #expect(taken.status == 412 && taken.places == ["If-None-Match"])
            let version = try await put(debug, ["If-Match": "\"7\""])
            #expect(version.status == 412 && version.details.contains("no version"), "\(version.text)")
            #expect(try await client.send("GET", "/backends/x").json["config"] == [:])
            #expect(try await put(debug, ["If-Match": "*"]).status == 200)
            #expect(try await put(info, ["If-None-Match": "\"7\""]).status == 200)
            for headers in [["If-Match": "\"7\""], ["If-None-Match": "*"]] {
                let response = try await client.send("DELETE", "/backends/x", headers: headers)
                #expect(response.status == 412 && response.isProblem)
            }
            #expect(try await client.send("DELETE", "/backends/x", headers: ["If-Match": "*"]).status == 204)
        }
    }

    @Test("where nothing has a version, a request that asks for one is refused and does nothing")
    func noVersions() async throws {
        try await Self.with { client, id in
            let headers = ["If-Match": "\"7\""]
            let run: JSONValue = ["workflow": workflow([node("a")])]
            for (method, path, body) in [
                ("POST", "/workflows", run), ("POST", "/workflows/match", run),
                ("POST", "/backends", ["name": "x", "type": "logging"]), ("POST", "/workflows/\(id)/cancel", nil),
                ("GET", "/backends/native", nil), ("GET", "/workflows", nil), ("GET", "/livez", nil),
            ] {
                let response = try await client.send(method, path, body, headers: headers)
                #expect(response.status == 412 && response.places == ["If-Match"], "\(method) \(path)")
            }
            #expect(try await client.send("GET", "/workflows").json["workflows"]?.array?.count == 1)
            #expect(try await client.send("GET", "/backends").json["backends"]?.array?.count == 1)
        }
    }

    @Test("a version counts only where the request would be a success without it")
    func otherErrors() async throws {
        try await Self.with { client, id in
            let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]
            let running = try await client.send("POST", "/workflows", slow).json["workflow_id"]?.string ?? ""
            for (method, path, status) in [
                ("GET", "/backends/none", 404), ("GET", "/backends?x=1", 400), ("GET", "/workflows/none", 404),
                ("DELETE", "/backends/none", 404), ("DELETE", "/backends/native?drain=-1", 400),
                ("DELETE", "/workflows/\(running)", 409), ("DELETE", "/workflows/\(id)?x=1", 400),
                ("POST", "/workflows?x=1", 400), ("PATCH", "/workflows", 405),
            ] {
                let response = try await client.send(method, path, headers: ["If-Match": "\"7\""])
                #expect(response.status == status && response.isProblem, "\(method) \(path): \(response.text)")
            }
        }
    }
}
