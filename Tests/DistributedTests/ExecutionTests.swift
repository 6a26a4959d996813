import FlowCore
import FlowJSON
import FlowNATS
import TestSupport
import Testing

@Suite("nodes on workers", .timeLimit(.minutes(2)))
struct ExecutionTests {
    @Test("a run's nodes are executed by workers, which their records name")
    func sequence() async throws {
        try await withCluster(workers: 2) { server, _, _ in
            let run = try await server.client.finished(
                try await server.client.submit(
                    [
                        node("a", "set", ["value": ["n": "${input.n + 1}"]]), node("b", "passthrough"),
                    ], input: ["n": 1]))
            #expect(run.json["status"] == "completed" && run.json["output"] == ["n": 2], "\(run.text)")
            for name in ["a", "b"] {
                let worker = run.json["nodes"]?[name]?["metadata"]?["worker"]?.string
                #expect(["w0", "w1"].contains(worker), "\(run.text)")
            }
        }
    }

    @Test("a node's own failure is its own, and is tried again by its policy")
    func failures() async throws {
        try await withCluster { server, _, _ in
            let failing = node(
                "a", "fail", ["message": "no"],
                more: ["retry": ["max_attempts": 3, "initial_delay": "1ms", "retry_on": ["failed"]]])
            let run = try await server.client.finished(try await server.client.submit([failing]))
            #expect(run.json["status"] == "failed", "\(run.text)")
            #expect(run.json["nodes"]?["a"]?["attempt"] == 3, "\(run.text)")
            #expect(run.json["nodes"]?["a"]?["error"]?["message"] == "no", "\(run.text)")
        }
    }

    @Test("what is larger than a broker's messages goes through the object store, both ways")
    func large() async throws {
        try await withCluster { server, broker, _ in
            let text = String(repeating: "0123456789", count: 500_000)
            let id = try await server.client.submit([node("a", "passthrough")], input: .string(text))
            let run = try await server.client.finished(id)
            #expect(run.json["status"] == "completed", "\(run.text.prefix(500))")
            #expect(run.json["output"]?.string == text)
            // Nothing of it stays.
            let connection = try await broker.connection()
            defer { connection.close() }
            let stream = JetStream(connection)
            try await until {
                try await stream.call("STREAM.INFO.WF_RES")["state"]?["messages"] == 0
            }
            #expect(try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 0)
        }
    }

    @Test("a node that waits in its queue is cancelled by taking it out")
    func cancelQueued() async throws {
        try await withCluster(workers: 0) { server, broker, _ in
            let id = try await server.client.submit([node("a", "passthrough")])
            let connection = try await broker.connection()
            defer { connection.close() }
            let stream = JetStream(connection)
            try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 1 }
            let cancelled = try await server.client.send("POST", "/workflows/\(id)/cancel")
            #expect(cancelled.status < 300, "\(cancelled.text)")
            let run = try await server.client.finished(id)
            #expect(run.json["status"] == "cancelled", "\(run.text)")
            #expect(try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 0)
        }
    }

    @Test("a node that runs is told to end")
    func cancelRunning() async throws {
        try await withCluster { server, _, _ in
            let id = try await server.client.submit([node("a", "delay", ["duration": "1h"])])
            try await until { try await server.client.busy(1) }
            let cancelled = try await server.client.send("POST", "/workflows/\(id)/cancel")
            #expect(cancelled.status < 300, "\(cancelled.text)")
            let run = try await server.client.finished(id)
            #expect(run.json["status"] == "cancelled", "\(run.text)")
            try await until { try await server.client.busy(0) }
        }
    }

    @Test("an attempt's time is kept by the worker too")
    func timeouts() async throws {
        try await withCluster { server, _, _ in
            let slow = node("a", "delay", ["duration": "1h"], more: ["timeout": "300ms"])
            let run = try await server.client.finished(try await server.client.submit([slow]))
            #expect(run.json["nodes"]?["a"]?["error"]?["code"] == "timeout", "\(run.text)")
            try await until { try await server.client.busy(0) }
        }
    }
}

/// A node as JSON.
func node(_ id: String, _ type: String, _ config: JSONObject = [:], more: JSONObject = [:]) -> JSONValue {
    var object: JSONObject = ["node_id": .string(id), "type": .string(type), "config": .object(config)]
    for member in more.members { object[member.name] = member.value }
    return .object(object)
}

extension TestClient {
    /// Whether workers say that they work on so many nodes.
    func busy(_ count: Int) async throws -> Bool {
        let workers = try await send("GET", "/backends/cluster/workers").json["workers"]?.array ?? []
        return workers.reduce(0) { $0 + ($1["busy"]?.integer ?? 0) } == Int64(count)
    }
}
