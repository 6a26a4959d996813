import FlowCore
import FlowJSON
import TestSupport
import Testing

@Suite("secrets in nodes", .timeLimit(.minutes(1)))
struct SecretUseTests {
    @Test("the configuration of a call may name a secret, whose value is sent and shown to nobody")
    func call() async throws {
        var options = TestServer.Options()
        options.secrets = Secrets(["token": "correct-horse-battery"])
        try await RecordingServer.with { request in
            .text("you said \(request["authorization"] ?? "nothing")", type: "text/plain")
        } _: { service in
            try await TestServer.with(options) { server in
                let call = node(
                    "a", "http",
                    ["url": .string(service.url), "headers": ["Authorization": "Bearer ${secrets.token}"]])
                let run = try await server.client.run(workflow([call]))
                #expect(service.requests.map { $0["authorization"] } == ["Bearer correct-horse-battery"])
                #expect(run.json["output"]?["body"] == "you said Bearer [secret token]", "\(run.text)")
                let id = run.json["workflow_id"]?.string ?? ""
                for path in ["", "/events", "/nodes"] {
                    let text = try await server.client.send("GET", "/workflows/\(id)\(path)").text
                    #expect(!text.contains("correct-horse") && text.contains("[secret token]"), "\(path): \(text)")
                }
            }
        }
    }
}
