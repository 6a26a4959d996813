import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("flowcore serve", .timeLimit(.minutes(2)))
struct ServeTests {
    @Test("the first line says where it serves, SIGTERM ends it with 0, and what it accepted is there again")
    func lifecycle() async throws {
        let data = temporaryDirectory()
        let first = try await ServerProcess(data: data)
        #expect(first.firstLine == "listening on http://127.0.0.1:\(first.port)")
        let done = try await first.client.run(workflow([node("a", "set", ["value": 5])]))
        #expect(done.json["output"] == 5)
        let slow: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "2s"]), node("b")]), "input": 7]
        let open = try await first.client.send("POST", "/workflows", slow)
        #expect(open.status == 202)
        first.signal(SIGTERM)
        #expect(try await first.exit() == 0)
        let second = try await ServerProcess(data: data)
        let path = "/workflows/\(done.json["workflow_id"]?.string ?? "")"
        #expect(try await second.client.send("GET", path).json == done.json)
        let rest = "/workflows/\(open.json["workflow_id"]?.string ?? "")?wait=30s"
        #expect(try await second.client.send("GET", rest).json["output"] == 7)
        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
    }

    @Test("SIGTERM ends it with 0 from the first moment in which it takes signals, and as soon as it serves")
    func earlySignal() async throws {
        let data = temporaryDirectory()
        for _ in 0..<10 {
            #expect(try await ServerProcess.terminateEarly(data: data) == 0)
            #expect(try await ServerProcess(data: data).stop() == 0)
        }
    }

    @Test("a disk that takes no writes refuses submissions, and what was accepted goes on once it does")
    func failingWrites() async throws {
        let server = try await ServerProcess(data: temporaryDirectory())
        let client = server.client
        let body: JSONValue = ["workflow": workflow([node("a", "delay", ["duration": "1s"]), node("b")]), "input": 7]
        let open = try await client.send("POST", "/workflows", body)
        #expect(open.status == 202)
        let path = "/workflows/\(open.json["workflow_id"]?.string ?? "")"
        try await server.failWrites(true)
        let refused = try await client.send("POST", "/workflows", body)
        #expect(refused.status == 503 && refused.isProblem && refused["retry-after"] != nil, "\(refused.text)")
        let ready = try await client.send("GET", "/readyz")
        #expect(ready.status == 503 && ready.isProblem)
        #expect(try await client.send("GET", "/livez").status == 200)
        // The run's node ends meanwhile, of which the journal takes no note.
        var run = try await client.send("GET", path + "?wait=30s").json
        #expect(run["status"] == "running" && run["nodes"]?["a"]?["status"] == "running", "\(run)")
        try await server.failWrites(false)
        #expect(try await client.send("GET", "/readyz").status == 200)
        while run["status"] == "running" { run = try await client.send("GET", path + "?wait=30s").json }
        #expect(run["status"] == "completed" && run["output"] == 7, "\(run)")
        #expect(try await client.run(workflow([node("a")])).json["status"] == "completed")
        #expect(try await client.send("GET", "/workflows").json["workflows"]?.array?.count == 2)
        #expect(try await server.stop() == 0)
    }

    @Test("a run that takes longer than the grace goes on after the next start")
    func suspended() async throws {
        let data = temporaryDirectory()
        let grace = ["FLOWCORE_SERVER_SHUTDOWN_GRACE": "100ms"]
        let first = try await ServerProcess(data: data, environment: grace)
        let body: JSONValue = ["workflow": workflow([node("a"), node("b", "delay", ["duration": "3s"])]), "input": 7]
        let id = try await first.client.send("POST", "/workflows", body).json["workflow_id"]?.string ?? ""
        first.signal(SIGTERM)
        #expect(try await first.exit() == 0)
        let second = try await ServerProcess(data: data, environment: grace)
        let run = try await second.client.send("GET", "/workflows/\(id)?wait=30s").json
        #expect(run["status"] == "completed" && run["nodes"]?["b"]?["attempt"] == 2)
        #expect(run["nodes"]?["b"]?["attempts"]?[0]?["error"]?["code"] == "lost")
        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
    }

    @Test("other machines are served only with keys, or when that is said")
    func access() async throws {
        let data = temporaryDirectory()
        let refused = try await flowcore(["serve", "--host", "0.0.0.0", "--port", "0", "--data", data])
        #expect(refused.code == 78 && refused.error.contains("refusing to serve 0.0.0.0 without API keys"))
        let short = try await flowcore(
            ["serve", "--port", "0", "--data", data], environment: ["FLOWCORE_AUTH_API_KEYS": "x"])
        #expect(short.code == 78 && short.error.contains("auth.api_keys"))
        let open = try await ServerProcess(data: data, arguments: ["--host", "0.0.0.0", "--allow-anonymous"])
        #expect(try await open.client.send("GET", "/workflows").status == 200)
        open.signal(SIGTERM)
        #expect(try await open.exit() == 0)
        let keyed = try await ServerProcess(
            data: data, arguments: ["--host", "0.0.0.0"],
            environment: ["FLOWCORE_AUTH_API_KEYS": "viewer:0123456789abcdef,admin:fedcba9876543210"])
        #expect(try await keyed.client.send("GET", "/workflows").status == 401)
        let headers = ["Authorization": "Bearer 0123456789abcdef"]
        #expect(try await keyed.client.send("GET", "/workflows", headers: headers).status == 200)
        keyed.signal(SIGTERM)
        #expect(try await keyed.exit() == 0)
    }

    @Test("variables win over the file, and options over both; what is not known is refused")
    func settings() async throws {
        let data = temporaryDirectory()
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        func file(_ text: String) throws -> String {
            let path = data + "/settings.yaml"
            try Data(text.utf8).write(to: URL(filePath: path))
            return path
        }
        let path = try file("server:\n  max_listeners: 3\n  max_body_bytes: 5000\nlimits:\n  max_nodes: 7\n")
        let server = try await ServerProcess(
            data: data + "/db", arguments: ["--config", path], environment: ["FLOWCORE_LIMITS_MAX_NODES": "9"])
        let limits = try await server.client.send("GET", "/limits").json
        #expect(limits["max_event_streams"] == 3 && limits["max_nodes"] == 9 && limits["max_body_bytes"] == 5000)
        server.signal(SIGINT)
        #expect(try await server.exit() == 0)
        for (text, complaint) in [
            ("server:\n  prot: 1\n", "server.prot: unknown key"),
            ("server:\n  port: many\n", "server.port: expected a number"),
            ("logging:\n  level: loud\n", "logging.level: expected one of"), ("tls:\n  key: x\n", "needed together"),
            ("[1", "cannot be read"),
        ] {
            let result = try await flowcore(["serve", "--config", try file(text), "--data", data + "/db"])
            #expect(result.code == 78 && result.error.contains(complaint), "\(result.error)")
        }
    }

    @Test("the sample of the settings is accepted as it is, and every default in it is the program's")
    func sample() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let sample = root.appending(path: "config/flowcore.yaml").path()
        let server = try await ServerProcess(data: temporaryDirectory(), arguments: ["--config", sample])
        let plain = try await ServerProcess(data: temporaryDirectory())
        let limits = try await server.client.send("GET", "/limits")
        #expect(try await plain.client.send("GET", "/limits").json == limits.json)
        for process in [server, plain] {
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0)
        }
    }

    @Test("a second server is kept from the same directory and the same port")
    func exclusion() async throws {
        let data = temporaryDirectory()
        let server = try await ServerProcess(data: data)
        let directory = try await flowcore(["serve", "--port", "0", "--data", data])
        #expect(directory.code == 74 && directory.error.contains("another process"))
        let port = try await flowcore(["serve", "--port", "\(server.port)", "--data", temporaryDirectory()])
        #expect(port.code == 69 && port.error.contains("Address already in use"))
        server.signal(SIGTERM)
        #expect(try await server.exit() == 0)
    }

    @Test("with a certificate it serves https")
    func encryption() async throws {
        let data = try madeDirectory()
        let files = try await certificate(in: data)
        let server = try await ServerProcess(
            data: data + "/db",
            environment: ["FLOWCORE_TLS_CERTIFICATE": files.certificate, "FLOWCORE_TLS_KEY": files.key])
        #expect(server.firstLine.hasPrefix("listening on https://127.0.0.1:"))
        let url = "https://127.0.0.1:\(server.port)"
        let body = JSONValue.object(["workflow": workflow([node("a")]), "input": 3]).description
        let curl = try await command(
            "curl",
            [
                "-sS", "--cacert", files.certificate, "-H", "Content-Type: application/json", "-H",
                "Prefer: wait=10", "-d", body,
                url + "/workflows",
            ])
        #expect(try JSONParser.parse(curl.output)["output"] == 3, "\(curl.error)")
        server.signal(SIGTERM)
        #expect(try await server.exit() == 0)
    }
}
