import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("flowcore run and validate", .timeLimit(.minutes(2)))
struct CommandTests {
    static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "config/workflows").path()

    @Test("the first example calls the server's own endpoints as a graph")
    func firstExample() async throws {
        let server = try await ServerProcess(data: temporaryDirectory())
        let text = String(
            decoding: try Data(contentsOf: URL(filePath: Self.examples + "/01-check-the-server.json")), as: UTF8.self)
        let body = text.replacing("http://127.0.0.1:8080", with: "http://127.0.0.1:\(server.port)")
        let run = try await server.client.send(
            "POST", "/workflows", try JSONParser.parse(body), headers: ["Prefer": "wait=20"])
        #expect(run.json["status"] == "completed" && run.json["output"]?["alive"]?["body"] == ["status": "alive"])
        #expect(run.json["output"]?["capabilities"]?["body"]?["parallel"] == true)
        server.signal(SIGTERM)
        #expect(try await server.exit() == 0)
    }

    @Test("a workflow runs on a server as it does here")
    func remote() async throws {
        let server = try await ServerProcess(data: temporaryDirectory())
        let result = try await flowcore(
            [
                "run", Self.examples + "/03-fan-out.yaml", "--input", "{\"light\":\"red\"}", "--server",
                "http://127.0.0.1:\(server.port)",
            ])
        let output = try JSONParser.parse(result.output)
        #expect(result.code == 0 && output["blue"] == ["light": "red"], "\(result.error)")
        let refused = try await flowcore(
            [
                "run", Self.examples + "/03-fan-out.yaml", "--backend", "odd", "--server",
                "http://127.0.0.1:\(server.port)",
            ])
        #expect(refused.code == 66 && refused.error.contains("there is no backend"))
        #expect(try await flowcore(["health", "--server", "http://127.0.0.1:\(server.port)"]).code == 0)
        server.signal(SIGTERM)
        #expect(try await server.exit() == 0)
        #expect(try await flowcore(["health", "--server", "http://127.0.0.1:\(server.port)"]).code == 1)
    }

    @Test("what is wrong with a file is told with its place")
    func refusals() async throws {
        let folder = temporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text, code, complaint) in [
            ("a.yaml", "name: x\nnodes:\n  - {node_id: a, type: odd}\n", Int32(65), "/workflow/nodes/0/type"),
            ("b.json", "{\"name\":\"x\",\"nodes\":[]}", 65, "/workflow/nodes"),
            ("c.json", "{\"name\":", 66, "at byte 8"),
            ("d.yaml", "a: [", 66, "not acceptable YAML"), ("e.yaml", "a: 1\na: 2\n", 66, "a"),
        ] {
            let path = folder + "/" + name
            try Data(text.utf8).write(to: URL(filePath: path))
            for verb in ["validate", "run"] {
                let result = try await flowcore([verb, path])
                #expect(
                    result.code == code && result.error.contains(complaint),
                    "\(verb) \(name): \(result.code) \(result.error)")
            }
        }
        #expect(try await flowcore(["validate", folder + "/missing.json"]).code == 66)
        #expect(try await flowcore(["run", Self.examples + "/02-sequence.yaml", "--input", "{"]).code == 66)
    }
}
