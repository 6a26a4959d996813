import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import FlowTesting
import Foundation
import MicroHTTPD
import TestSupport
import Testing

@Suite("the API of events", .timeLimit(.minutes(1)))
struct EventAPITests {
    /// The ids and names of the events in a stream's text.
    static func events(_ text: String) -> [(id: String?, type: String)] {
        text.components(separatedBy: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard let type = lines.first(where: { $0.hasPrefix("event: ") })?.dropFirst(7) else { return nil }
            return (lines.first { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }, String(type))
        }
    }

    @Test("a stream follows a run while it runs, and ends with an end")
    func live() async throws {
        let gate = Gate()
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                if request.node.id == "b" { _ = await gate.pass() }
                return .success(output: 1)
            }
        ]
        try await TestServer.with(options) { server in
            let body: JSONValue = ["workflow": workflow([node("a"), node("b")])]
            let id = try await server.client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            let connection = try await RawConnection(port: server.client.port)
            await connection.send(
                "GET /workflows/\(id)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n"
            )
            let reader = ResponseReader(connection)
            #expect(await reader.head()?["content-type"] == "text/event-stream")
            var text = ""
            while !text.contains("\"node_id\":\"b\"") {
                text += String(decoding: await reader.chunk() ?? [], as: UTF8.self)
            }
            gate.open()
            while let chunk = await reader.chunk() { text += String(decoding: chunk, as: UTF8.self) }
            let events = Self.events(text)
            #expect(events.dropLast().map(\.id) == (1...7).map { "\($0)" } && events.last?.type == "end")
            // Whoever comes back goes on behind the last event that it has.
            let rest = try await server.client.send(
                "GET", "/workflows/\(id)/events", headers: ["Accept": "text/event-stream", "Last-Event-ID": "5"])
            #expect(Self.events(rest.text).map(\.id) == ["6", "7", nil])
        }
    }

    @Test("the journal comes as JSON, page by page")
    func pages() async throws {
        try await TestServer.with { server in
            let id = try await server.client.run(workflow([node("a"), node("b")])).json["workflow_id"]?.string ?? ""
            let first = try await server.client.send("GET", "/workflows/\(id)/events?limit=5")
            #expect(
                first.json["events"]?.array?.count == 5 && first.json["complete"] == false
                    && first.json["next_position"] == 5)
            let second = try await server.client.send("GET", "/workflows/\(id)/events?after=5")
            #expect(
                second.json["events"]?.array?.map { $0["type"]?.string } == ["node_completed", "workflow_completed"])
            #expect(second.json["complete"] == true)
        }
    }

    @Test("a representation that is not there, a position that is none, a run that is none")
    func refusals() async throws {
        try await TestServer.with { server in
            let id = try await server.client.run(workflow([node("a")])).json["workflow_id"]?.string ?? ""
            #expect(
                try await server.client.send("GET", "/workflows/\(id)/events", headers: ["Accept": "text/html"]).status
                    == 406)
            #expect(try await server.client.send("GET", "/workflows/\(id)/events?after=-1").status == 400)
            #expect(
                try await server.client.send("GET", "/workflows/\(id)/events", headers: ["Last-Event-ID": "x"]).status
                    == 400)
            #expect(try await server.client.send("GET", "/workflows/none/events").status == 404)
        }
    }

    static let sources: [(name: String, query: Bool, accept: String)] = [
        ("after", true, "application/json"), ("Last-Event-ID", false, "application/json"),
        ("after", true, "text/event-stream"), ("Last-Event-ID", false, "text/event-stream"),
    ]

    @Test(
        "a position that the run has not reached is refused, by the name of where it stands", arguments: sources.indices
    )
    func beyond(index: Int) async throws {
        let (name, isQuery, accept) = Self.sources[index]
        for finishedBytes in [8 << 20, 0] {
            var options = TestServer.Options()
            options.limits.finishedBytes = finishedBytes
            try await TestServer.with(options) { server in
                func read(_ id: String, _ position: Int64) async throws -> TestResponse {
                    let path = "/workflows/\(id)/events" + (isQuery ? "?after=\(position)" : "")
                    let headers = isQuery ? ["Accept": accept] : ["Accept": accept, name: "\(position)"]
                    return try await server.client.send("GET", path, headers: headers)
                }
                let run = try await server.client.run(workflow([node("a"), node("b")])).json
                let id = run["workflow_id"]?.string ?? ""
                let last = run["position"]?.integer ?? 0
                try await until { server.service.store.activeRuns == 0 }
                for position in [last + 1, 9_007_199_254_740_991] {
                    let refused = try await read(id, position)
                    #expect(refused.status == 400 && refused.isProblem, "\(position): \(refused.text)")
                    #expect(refused.places == [name])
                }
                // Behind the last event there is nothing, which is no error.
                let end = try await read(id, last)
                #expect(end.status == 200)
                if accept == "application/json" {
                    #expect(end.json["events"] == [] && end.json["complete"] == true)
                    #expect(end.json["next_position"]?.integer == last)
                } else {
                    #expect(Self.events(end.text).map(\.type) == ["end"])
                }
                // Nor is there anything behind the last event of a run that goes on.
                let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]
                let running = try await server.client.send("POST", "/workflows", slow).json["workflow_id"]?.string ?? ""
                #expect(try await read(running, 1000).places == [name])
                #expect(try await read("none", 1000).status == 404)
            }
        }
    }

    @Test("a silent stream is kept alive, and more streams than the limit are refused")
    func heartbeats() async throws {
        var options = TestServer.Options()
        options.application.heartbeat = .milliseconds(20)
        options.application.maxListeners = 1
        try await TestServer.with(options) { server in
            let body: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1h"])])]
            let id = try await server.client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
            let connection = try await RawConnection(port: server.client.port)
            await connection.send(
                "GET /workflows/\(id)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
            let reader = ResponseReader(connection)
            _ = await reader.head()
            var text = ""
            while !text.contains(": heartbeat") { text += String(decoding: await reader.chunk() ?? [], as: UTF8.self) }
            let second = try await server.client.send(
                "GET", "/workflows/\(id)/events", headers: ["Accept": "text/event-stream"])
            #expect(second.status == 503 && second["retry-after"] != nil && second.isProblem)
        }
    }

    @Test("a reader that takes nothing is cut off, and the run does not wait for it")
    func slowReader() async throws {
        var options = TestServer.Options()
        options.http.sendTimeout = .milliseconds(500)
        let gate = Gate()
        options.backends = [
            ScriptedBackend { request in
                guard await gate.pass() else { throw CancellationError() }
                let part = JSONValue.string(String(repeating: "x", count: 4096))
                for _ in 0..<4000 { request.emit(part) }
                return .success(output: 1)
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            let id =
                try await client.send("POST", "/workflows", ["workflow": workflow([node("a")])]).json["workflow_id"]?
                .string ?? ""
            await gate.arrivals(1)
            let connection = try await RawConnection(port: client.port)
            await connection.send(
                "GET /workflows/\(id)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
            #expect(await ResponseReader(connection).head()?.status == 200)
            gate.open()
            #expect(try await client.send("GET", "/workflows/\(id)?wait=30s").json["status"] == "completed")
            while try await !client.send("GET", "/metrics").text.contains("flowcore_http_event_streams 0") {}
            // What was cut off is there for whoever comes back.
            let events = try await client.send("GET", "/workflows/\(id)/events?after=3000&limit=1000").json["events"]
            #expect(events?.array?.count == 1000 && events?[0]?["type"] == "chunk")
            connection.reset()
        }
    }
}
