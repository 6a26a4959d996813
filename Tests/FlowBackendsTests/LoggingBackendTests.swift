import FlowJSON
import Logging
import TestSupport
import Testing

@Suite("the logging backend", .timeLimit(.minutes(1)))
struct LoggingBackendTests {
    @Test("start, input, completion, output and failure are logged, each at its level, with the ids")
    func entries() async throws {
        let keeper = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = keeper.logger
        try await TestServer.with(options) { server in
            let client = server.client
            let created = try await client.send(
                "POST", "/backends", ["name": "audited", "type": "logging", "config": ["log_level": "debug"]])
            #expect(created.status == 201 && created["location"] == "/backends/audited")
            let run = try await client.run(
                workflow(
                    "w", [node("a", "set", ["value": 7]), node("b", "fail", ["code": "x", "message": "broken"])]),
                ["backend": "audited"])
            #expect(run.json["status"] == "failed" && run.json["nodes"]?["a"]?["backend"] == "audited")
            let id = run.json["workflow_id"]?.string ?? ""
            let entries = keeper.all.filter { $0.metadata["workflow_id"] == id }
            func has(_ level: Logger.Level, _ message: String, _ node: String?) -> Bool {
                entries.contains { $0.level == level && $0.message == message && $0.metadata["node_id"] == node }
            }
            #expect(has(.info, "workflow started", nil) && has(.error, "workflow failed", nil))
            #expect(has(.info, "node started", "a") && has(.debug, "node input", "a"))
            #expect(has(.info, "node completed", "a") && has(.debug, "node output", "a"))
            #expect(has(.error, "node failed", "b"))
            #expect(entries.allSatisfy { $0.metadata["backend"] == "audited" })
        }
    }

    @Test("a backend wraps another that wraps another, and none may wrap itself")
    func nesting() async throws {
        try await TestServer.with { server in
            let client = server.client
            for (name, base) in [("one", "native"), ("two", "one")] {
                let body: JSONValue = [
                    "name": .string(name), "type": "logging",
                    "config": ["backend": .string(base), "log_level": "critical"],
                ]
                #expect(try await client.send("POST", "/backends", body).status == 201)
            }
            #expect(try await client.run(workflow([node("a")]), ["backend": "two"]).json["status"] == "completed")
            let cycle = try await client.send(
                "PUT", "/backends/one", ["type": "logging", "config": ["backend": "two"]])
            #expect(cycle.status == 422 && cycle.text.contains("one -> two -> one"))
            #expect(try await client.send("DELETE", "/backends/one").status == 409)
            #expect(try await client.send("DELETE", "/backends/two").status == 204)
            #expect(try await client.send("DELETE", "/backends/one").status == 204)
        }
    }
}
