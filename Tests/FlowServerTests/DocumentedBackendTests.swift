import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("the documented backends in other languages", .timeLimit(.minutes(1)))
struct DocumentedBackendTests {
    private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/examples")

    /// Registers an example as it stands under the name `loud`, and checks what all of them do.
    private func with(
        _ program: String, _ file: String,
        _ body: @escaping @Sendable (_ server: TestServer, _ registered: JSONValue) async throws -> Void
    ) async throws {
        let script = Self.examples.appending(path: file).path()
        try await ScriptProcess.with([program, script, "0"]) { line in
            let port = try #require(line.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) })
            try await TestServer.with { server in
                let registration: JSONValue = [
                    "name": "loud", "type": "remote", "config": ["url": .string("http://127.0.0.1:\(port)")],
                ]
                let made = try await server.client.send("POST", "/backends", registration)
                #expect(made.status == 201, "\(made.text)")
                #expect(made.json["node_types"] == ["shout", "echo"])
                try await body(server, made.json)
                let failed = try await server.client.run(workflow([node("a", "shout")]), ["backend": "loud"])
                #expect(failed.json["status"] == "failed" && failed.text.contains("there is no text to shout"))
                let wrong = try await server.client.send(
                    "POST", "/workflows", ["workflow": workflow([node("a", "whisper")]), "backend": "loud"])
                #expect(wrong.status == 422 && wrong.places == ["/workflow/nodes/0/type"])
                #expect(try await server.client.send("GET", "/backends/loud/health").status == 200)
            }
        }
    }

    @Test("the one in Python is registered, and runs a workflow")
    func python() async throws {
        try await with("python3", "backend.py") { server, made in
            #expect(made["version"] == "1")
            let nodes = [
                node("a", "shout"), node("b", "shout", nil, ["input": ["text": "${nodes.a.output.text}!"]]),
            ]
            let run = try await server.client.run(workflow(nodes), input: ["text": "hello"], ["backend": "loud"])
            #expect(run.json["output"] == ["text": "HELLO!"], "\(run.text)")
        }
    }

    @Test("the one on Node is registered, and runs workflows whose parts arrive one by one")
    func javaScript() async throws {
        try await with("node", "backend.mjs") { server, made in
            #expect(made["capabilities"]?["streaming"] == true)
            let nodes = [
                node("a", "shout"),
                node("b", "shout", nil, ["input": ["text": "${nodes.a.output.text} again"]]),
            ]
            let run = try await server.client.run(
                workflow(nodes), input: ["text": "say it"], ["backend": "loud", "requires": ["streaming"]])
            #expect(run.json["output"] == ["text": "SAY IT AGAIN"], "\(run.text)")
            let id = run.json["workflow_id"]?.string ?? ""
            let journal = try await server.client.send(
                "GET", "/workflows/\(id)/events", headers: ["Accept": "application/json"])
            let parts = (journal.json["events"]?.array ?? []).filter { $0["type"] == "chunk" }
            #expect(
                parts.map { [$0["node_id"], $0["chunk"]] } == [
                    ["a", "SAY"], ["a", "IT"], ["b", "SAY"], ["b", "IT"], ["b", "AGAIN"],
                ], "\(journal.text)")
        }
    }
}
