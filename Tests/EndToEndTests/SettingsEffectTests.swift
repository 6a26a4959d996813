import FlowJSON
import Foundation
import TestSupport
import Testing

/// A server whose settings are all other than the defaults.
@Suite("what settings do", .timeLimit(.minutes(2)))
struct SettingsEffectTests {
    static let values: [(key: String, value: String)] = [
        ("server.host", "0.0.0.0"), ("server.port", "1"), ("server.loops", "1"), ("server.max_connections", "77"),
        ("server.max_body_bytes", "2048"), ("server.header_timeout", "2s"), ("server.body_timeout", "500ms"),
        ("server.idle_timeout", "500ms"), ("server.send_timeout", "5s"), ("server.shutdown_grace", "100ms"),
        ("server.max_listeners", "1"), ("server.heartbeat", "20ms"), ("server.access_log", "all"),
        ("auth.api_keys", "[\"viewer:viewer-key-0123456\", \"admin-key-01234567\"]"),
        ("auth.allow_anonymous", "true"), ("runs.max_active", "1"), ("runs.max_parallel", "3"),
        ("runs.default_timeout", "2h"), ("runs.default_node_timeout", "90m"), ("runs.max_wait", "50ms"),
        ("retry.max_attempts", "2"), ("retry.initial_delay", "1ms"), ("retry.backoff", "fixed"),
        ("retry.multiplier", "3"), ("retry.max_delay", "2s"), ("retry.jitter", "0"),
        ("retry.retry_on", "[\"out_of_luck\"]"),
        ("runs.finished_in_memory_bytes", "0"), ("runs.volatile_bytes", "0"), ("retention.max_age", "1d"),
        ("retention.max_count", "1000"), ("limits.max_nodes", "4"), ("limits.max_depth", "9"),
        ("limits.max_payload_bytes", "1024"), ("limits.max_run_bytes", "4096"),
        ("limits.max_definitions", "1"), ("limits.max_definition_versions", "2"),
        ("limits.max_definition_bytes", "1024"),
        ("outbound.allow_private", "true"), ("backends.max_conformance_runs", "7"), ("hooks.max_parallel", "1"),
        ("hooks.timeout", "1s"),
        ("hooks.max_age", "1h"), ("hooks.source", "https://flows.example/"),
        ("logging.level", "debug"),
        ("logging.format", "json"),
    ]

    static let admin = ["Authorization": "Bearer admin-key-01234567"]
    static let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]

    /// Calls `body` with such a server and the path of its log.
    static func with(_ body: (ServerProcess, String) async throws -> Void) async throws {
        let folder = try madeDirectory()
        let settings = try file(
            "settings.yaml", SettingsTests.yaml(values + [("data.directory", folder + "/db")]), in: folder)
        let server = try await ServerProcess(data: nil, arguments: ["--config", settings], log: folder + "/log")
        let result: Result<Void, any Error>
        do { result = .success(try await body(server, folder + "/log")) } catch { result = .failure(error) }
        #expect(try await server.stop() == 0)
        #expect(FileManager.default.fileExists(atPath: folder + "/db/flowcore.db"))
        try result.get()
    }

    @Test("what a client may know of them is told")
    func limits() async throws {
        try await Self.with { server, _ in
            #expect(server.firstLine.hasPrefix("listening on http://0.0.0.0:"))
            #expect(try await server.client.send("GET", "/limits").status == 401)
            let headers = ["Authorization": "Bearer viewer-key-0123456"]
            let limits = try await server.client.send("GET", "/limits", headers: headers).json
            let expected: JSONObject = [
                "max_connections": 77, "max_body_bytes": 2048, "max_event_streams": 1, "max_active_runs": 1,
                "max_parallel": 3, "default_run_timeout": "2h", "default_node_timeout": "90m", "max_wait": "50ms",
                "max_nodes": 4, "max_json_depth": 9, "max_payload_bytes": 1024, "max_run_bytes": 4096,
                "max_definitions": 1, "max_definition_versions": 2, "max_definition_bytes": 1024,
                "max_conformance_runs": 7,
                "default_retry": [
                    "max_attempts": 2, "initial_delay": "1ms", "backoff": "fixed", "multiplier": 3.0,
                    "max_delay": "2s", "jitter": 0.0, "retry_on": ["out_of_luck"],
                ],
            ]
            for member in expected.members { #expect(limits[member.name] == member.value, "\(member.name)") }
        }
    }

    @Test("runs keep to them")
    func runs() async throws {
        try await Self.with { server, log in
            let client = server.client
            func post(_ nodes: [JSONValue], _ more: JSONObject = [:]) async throws -> TestResponse {
                var body: JSONObject = ["workflow": workflow(nodes)]
                for member in more.members { body[member.name] = member.value }
                return try await client.send("POST", "/workflows", .object(body), headers: Self.admin)
            }
            // The place of a run is free a moment after its end can be read.
            func submit(_ nodes: [JSONValue], _ more: JSONObject = [:]) async throws -> TestResponse {
                while true {
                    let response = try await post(nodes, more)
                    if response.status != 429 { return response }
                }
            }
            func end(_ run: TestResponse) async throws -> JSONValue {
                var read = run.json
                while ["pending", "running"].contains(read["status"]?.string ?? "") {
                    let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")?wait=50ms"
                    read = try await client.send("GET", path, headers: Self.admin).json
                }
                return read
            }
            // The server may be called by its own nodes, and what is too much to take is a failure.
            let url = "http://127.0.0.1:\(server.port)"
            let call = try await end(try await submit([node("a", "http", ["url": .string(url + "/livez")])]))
            #expect(call["status"] == "completed", "\(call)")
            let large: JSONValue = ["url": .string(url + "/openapi.yaml")]
            let failed = try await end(try await submit([node("a", "http", large)]))
            #expect(failed["status"] == "failed" && failed["error"]?["code"] == "too_large", "\(failed)")
            // Nodes without a policy of their own are tried again as the settings say.
            for (code, attempts) in [("out_of_luck", 2), ("failed", 1)] {
                let unlucky = try await submit([node("a", "fail", ["code": .string(code)])])
                let run = "/workflows/\(unlucky.json["workflow_id"]?.string ?? "")"
                #expect(try await end(unlucky)["error"]?["code"]?.string == code)
                let node = try await client.send("GET", run + "/nodes/a", headers: Self.admin).json
                #expect(node["attempts"]?.array?.count == attempts, "\(node)")
            }
            #expect(try await submit((0..<5).map { node("n\($0)") }).places == ["/workflow/nodes"])
            let pad = JSONValue.string(String(repeating: "x", count: 3000))
            #expect(try await submit([node("a")], ["input": pad]).status == 413)
            #expect(try await submit([node("a")], ["input": [[[[[[[[[]]]]]]]]]]).status == 400)
            // A wait is cut short, and of one run at a time the second is refused.
            let slow = try await submit([node("a", "delay", ["duration": "1h"])])
            let path = "/workflows/\(slow.json["workflow_id"]?.string ?? "")"
            let waited = try await client.send("GET", path + "?wait=5m", headers: Self.admin)
            #expect(waited.status == 200 && waited.json["status"] == "running")
            #expect(try await post([node("a")]).status == 429)
            #expect(try await client.send("POST", path + "/cancel", headers: Self.admin).status == 202)
            #expect(try await end(slow)["status"] == "cancelled")
            // What has no room in memory and no place on the disk is gone.
            let quick = try await submit([node("a")], ["durability": "none"])
            #expect(quick.status == 202, "\(quick.text)")
            let gone = "/workflows/\(quick.json["workflow_id"]?.string ?? "")"
            while try await client.send("GET", gone, headers: Self.admin).status == 200 {}
            #expect(try await client.send("GET", gone, headers: Self.admin).status == 404)
            let entries = try text(of: log).split(separator: "\n").map { try JSONParser.parse(String($0)) }
            #expect(entries.contains { $0["status"] == "202" && $0["path"] == "/workflows" })
        }
    }

    @Test("connections keep to them")
    func connections() async throws {
        try await Self.with { server, _ in
            let idle = try await RawConnection(port: server.port)
            await idle.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await ResponseReader(idle).response()?.status == 200)
            #expect(await idle.receive() == [], "an idle connection is closed")
            let body = try await RawConnection(port: server.port)
            await body.send(
                "POST /workflows HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-key-01234567\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            let late = await ResponseReader(body).response()
            #expect(late?.status == 408 && late?.isProblem == true, "a body that does not come ends the connection")
            let run = try await server.client.send("POST", "/workflows", Self.slow, headers: Self.admin)
            let path = "/workflows/\(run.json["workflow_id"]?.string ?? "")/events"
            let stream = try await RawConnection(port: server.port)
            await stream.send(
                "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-key-01234567\r\n"
                    + "Accept: text/event-stream\r\n\r\n")
            let reader = ResponseReader(stream)
            #expect(await reader.head()?.status == 200)
            // By the default this many would take minutes.
            var text = ""
            while text.components(separatedBy: ": heartbeat").count < 30 {
                text += String(decoding: try #require(await reader.chunk()), as: UTF8.self)
            }
            var headers = Self.admin
            headers["Accept"] = "text/event-stream"
            #expect(try await server.client.send("GET", path, headers: headers).status == 503)
        }
    }
}
