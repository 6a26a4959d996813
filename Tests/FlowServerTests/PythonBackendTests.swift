import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("the documented backend in Python", .timeLimit(.minutes(1)))
struct PythonBackendTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/examples/backend.py").path()

    @Test("it is registered as it stands, and runs a workflow")
    func documentedBackend() async throws {
        try await ScriptProcess.with(["python3", Self.script, "0"]) { line in
            let port = try #require(line.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) })
            try await TestServer.with { server in
                let registration: JSONValue = [
                    "name": "loud", "type": "remote", "config": ["url": .string("http://127.0.0.1:\(port)")],
                ]
                let made = try await server.client.send("POST", "/backends", registration)
                #expect(made.status == 201, "\(made.text)")
                #expect(made.json["version"] == "1" && made.json["node_types"] == ["shout", "echo"])
                let nodes = [
                    node("a", "shout"), node("b", "shout", nil, ["input": ["text": "${nodes.a.output.text}!"]]),
                ]
                let run = try await server.client.run(
                    workflow(nodes), input: ["text": "hello"], ["backend": "loud"])
                #expect(run.json["output"] == ["text": "HELLO!"], "\(run.text)")
                let failed = try await server.client.run(workflow([node("a", "shout")]), ["backend": "loud"])
                #expect(failed.json["status"] == "failed" && failed.text.contains("there is no text to shout"))
                let wrong = try await server.client.send(
                    "POST", "/workflows", ["workflow": workflow([node("a", "whisper")]), "backend": "loud"])
                #expect(wrong.status == 422 && wrong.places == ["/workflow/nodes/0/type"])
                #expect(try await server.client.send("GET", "/backends/loud/health").status == 200)
            }
        }
    }
}
