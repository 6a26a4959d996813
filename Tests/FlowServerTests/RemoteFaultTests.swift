import FlowCore
import FlowEngine
import FlowJSON
import MicroHTTPD
import Synchronization
import TestSupport
import Testing

@Suite("faults of remote backends", .timeLimit(.minutes(1)))
struct RemoteFaultTests {
    private static let once: JSONObject = ["retry": ["max_attempts": 1]]

    private static func register(_ server: TestServer, _ url: String, _ more: JSONObject = [:]) async throws {
        var config = more
        config["url"] = .string(url)
        let made = try await server.client.send(
            "POST", "/backends", ["name": "r", "type": "remote", "config": .object(config)])
        #expect(made.status == 201, "\(made.text)")
    }

    private static func failure(of run: TestResponse, _ id: String = "a") -> JSONValue {
        run.json["nodes"]?[id]?["error"] ?? .null
    }

    @Test("an answer without an end is left as soon as it is too long, and other runs go on")
    func endless() async throws {
        var options = TestServer.Options()
        options.maxRemoteBytes = 1 << 20
        let reply = FakeRemoteService.Reply.endless(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n")
        try await TestServer.with(options) { server in
            try await FakeRemoteService.with({ $0 == "POST /nodes/execute" ? reply : nil }) { fake in
                try await Self.register(server, fake.url)
                async let large = server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                let other = try await server.client.run(workflow([node("a", "set", ["value": 1])]))
                #expect(other.json["output"] == 1)
                let run = try await large
                let error = Self.failure(of: run)
                #expect(error["code"] == "response_too_large" && error["retriable"] == false, "\(run.text)")
                // What lies in the sockets' buffers is more than what is read.
                #expect(fake.endlessBytes < 64 << 20)
                #expect(try await server.client.send("GET", "/livez").status == 200)
            }
        }
    }

    @Test("a circle of redirects is left at its first step")
    func redirects() async throws {
        try await TestServer.with { server in
            try await FakeRemoteService.with({ line in
                guard line == "POST /nodes/execute" else { return nil }
                return .answer(302, type: "text/plain", "", more: "Location: /nodes/execute\r\n")
            }) { fake in
                try await Self.register(server, fake.url)
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                let error = Self.failure(of: run)
                #expect(error["code"] == "redirect_refused" && error["retriable"] == false, "\(run.text)")
                #expect(fake.requests.filter { $0.hasPrefix("POST /nodes/execute") }.count == 1)
            }
        }
    }

    @Test("a service that is gone is unavailable at once, as often as the service tries again")
    func gone() async throws {
        try await TestServer.with { server in
            try await FakeRemoteService.with({ _ in nil }) { fake in
                try await Self.register(server, fake.url)
                // What it says of the node is known from now on.
                #expect(try await server.client.run(workflow([node("a", "x")]), ["backend": "r"]).status == 200)
            }
            let run = try await server.client.run(
                workflow([node("a", "x", after: nil, nil, Self.once)]), ["backend": "r"])
            let error = Self.failure(of: run)
            #expect(error["code"] == "unavailable" && error["retriable"] == true, "\(run.text)")
            #expect(error["details"] == ["backend": "r", "reason": "unavailable"])
            #expect(run.json["nodes"]?["a"]?["attempt"] == 4)
        }
    }

    @Test("a backend whose capabilities are no booleans any more gets no node until they are")
    func capabilities() async throws {
        let isBroken = Mutex(false)
        try await TestServer.with { server in
            try await FakeRemoteService.with({ line in
                line == "GET /capabilities" && isBroken.withLock { $0 } ? .json(#"{"streaming": "yes"}"#) : nil
            }) { fake in
                try await Self.register(server, fake.url)
                isBroken.withLock { $0 = true }
                let health = try await server.client.send("GET", "/backends/r/health")
                #expect(health.status == 503 && health.text.contains("expected a boolean"), "\(health.text)")
                let run = try await server.client.run(
                    workflow([node("a", "x", after: nil, nil, Self.once)]), ["backend": "r"])
                let error = Self.failure(of: run)
                #expect(error["code"] == "invalid_capabilities" && error["retriable"] == true, "\(run.text)")
                #expect(error["message"]?.string?.contains("/capabilities/streaming") == true)
                #expect(!fake.requests.contains { $0.hasPrefix("POST /nodes/execute") })
                isBroken.withLock { $0 = false }
                let mended = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                #expect(mended.json["status"] == "completed", "\(mended.text)")
            }
        }
    }

    @Test("a certificate that does not verify is told as what it is, at once, and nothing is executed")
    func untrusted() async throws {
        let directory = temporaryDirectory()
        let files = try await certificate(in: try madeDirectory())
        var options = TestServer.Options()
        options.http.tls = ServerOptions.TLS(
            certificate: try text(of: files.certificate), key: try text(of: files.key))
        try await FakeRemoteService.with({ _ in nil }) { fake in
            try await TestServer.with(directory: directory) { server in
                try await Self.register(server, fake.url)
                let nodes = [node("ask", "approval"), node("a", "x")]
                let submitted = try await server.client.send(
                    "POST", "/workflows", ["workflow": workflow(nodes), "backend": "r", "workflow_id": "w"])
                #expect(submitted.status == 202, "\(submitted.text)")
            }
        }
        try await TestServer.with(options) { far in
            let url = "https://127.0.0.1:\(far.server.port)/backends/native"
            try await TestServer.save(
                BackendRegistration(name: "r", type: "remote", config: ["url": .string(url)]), in: directory)
            try await TestServer.with(directory: directory) { server in
                let refused = try await server.client.send(
                    "POST", "/backends", ["name": "s", "type": "remote", "config": ["url": .string(url)]])
                #expect(refused.status == 422 && refused.details.contains("no trusted TLS connection"))
                let answered = try await server.client.send(
                    "POST", "/workflows/w/nodes/ask/resume", ["output": [:]])
                #expect(answered.status < 300, "\(answered.text)")
                let run = try await server.client.send("GET", "/workflows/w?wait=30s")
                let error = Self.failure(of: run)
                #expect(error["code"] == "tls_error" && error["retriable"] == false, "\(run.text)")
                #expect(run.json["nodes"]?["a"]?["attempt"] == 1)
            }
        }
    }

    @Test("a service that tries again by itself is not asked again when it has failed, only when it was not there")
    func retryOwner() async throws {
        let description = FakeRemoteService.Reply.json(
            #"{"name": "f", "node_types": ["x"], "contract": {"retry_owner": "backend"}}"#)
        for (reply, code, attempts) in [
            (FakeRemoteService.Reply.json("{}", status: 500), "remote_status", 1), (.reset, "unavailable", 4),
        ] {
            try await TestServer.with { server in
                try await FakeRemoteService.with({ line in
                    line == "GET /" ? description : line == "POST /nodes/execute" ? reply : nil
                }) { fake in
                    try await Self.register(server, fake.url)
                    let shown = try await server.client.send("GET", "/backends/r")
                    #expect(shown.json["contract"]?["retry_owner"] == "backend")
                    let run = try await server.client.run(
                        workflow([node("a", "x", after: nil, nil, Self.once)]), ["backend": "r"])
                    #expect(Self.failure(of: run)["code"]?.string == code, "\(run.text)")
                    #expect(run.json["nodes"]?["a"]?["attempt"]?.integer == Int64(attempts), "\(run.text)")
                }
            }
        }
    }

    @Test("a resilient backend's tries are the only ones, and a node's own policy adds to them")
    func resilient() async throws {
        try await TestServer.with { server in
            try await FakeRemoteService.with({ line in
                line == "POST /nodes/execute" ? .json("{}", status: 500) : nil
            }) { fake in
                try await Self.register(server, fake.url)
                let config: JSONValue = [
                    "backend": "r", "retry": ["max_attempts": 3, "initial_delay": 0], "circuit_breaker": .null,
                ]
                let made = try await server.client.send(
                    "POST", "/backends", ["name": "w", "type": "resilient", "config": config])
                #expect(made.status == 201, "\(made.text)")
                var calls: Int { fake.requests.filter { $0.hasPrefix("POST /nodes/execute") }.count }
                let plain = try await server.client.run(workflow([node("a", "x")]), ["backend": "w"])
                #expect(plain.json["nodes"]?["a"]?["attempt"] == 1 && calls == 3, "\(plain.text)")
                #expect(Self.failure(of: plain)["details"]?["retry_owner"] == "backend")
                let twice: JSONObject = ["retry": ["max_attempts": 2, "initial_delay": 0]]
                let run = try await server.client.run(
                    workflow([node("a", "x", after: nil, nil, twice)]), ["backend": "w"])
                #expect(run.json["nodes"]?["a"]?["attempt"] == 2 && calls == 9, "\(run.text)")
            }
        }
    }

    @Test("a service that repeats its secret everywhere has it shown nowhere")
    func echoes() async throws {
        var options = TestServer.Options()
        options.secrets = Secrets(["peer": "key-0123456789"])
        let key = "key-0123456789"
        let isSick = Mutex(false)
        try await TestServer.with(options) { server in
            try await FakeRemoteService.with({ line in
                switch line {
                case "GET /":
                    .json(
                        #"{"name": "f", "version": "\#(key)", "node_types": ["x"], "node_type_details": [{"type": "x", "summary": "\#(key)", "config_schema": {"title": "\#(key)"}}]}"#
                    )
                case "GET /health" where isSick.withLock { $0 }:
                    .json(#"{"healthy": false, "reason": "bad \#(key)"}"#, status: 503)
                case "POST /nodes/validate" where isSick.withLock { $0 }:
                    .json(#"{"valid": false, "errors": [{"pointer": "/config", "detail": "bad \#(key)"}]}"#)
                case "POST /nodes/execute":
                    .answer(
                        200, type: "text/event-stream",
                        "event: chunk\ndata: \"\(key)\"\n\nevent: result\ndata: {\"success\": true, \"output\": \"\(key)\", \"metadata\": {\"k\": \"\(key)\"}}\n\n"
                    )
                default: nil
                }
            }) { fake in
                try await Self.register(
                    server, fake.url, ["headers": ["Authorization": ["secret": "peer", "prefix": "Bearer "]]])
                let run = try await server.client.run(workflow([node("a", "x")]), ["backend": "r"])
                #expect(run.json["output"] == "[secret peer]", "\(run.text)")
                let id = run.json["workflow_id"]?.string ?? ""
                var shown = [run.text]
                for path in [
                    "/backends", "/backends/r", "/node-types", "/backends/r/health", "/workflows/\(id)/events",
                ] {
                    shown.append(try await server.client.send("GET", path).text)
                }
                isSick.withLock { $0 = true }
                shown.append(try await server.client.send("GET", "/backends/r/health").text)
                let refused = try await server.client.send(
                    "POST", "/workflows", ["workflow": workflow([node("a", "x", ["other": 1])]), "backend": "r"])
                #expect(refused.status == 422 && refused.details.contains("bad [secret peer]"), "\(refused.text)")
                shown.append(refused.text)
                for text in shown { #expect(!text.contains(key)) }
                #expect(shown.contains { $0.contains("[secret peer]") })
            }
        }
    }
}
