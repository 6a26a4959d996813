import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("a worker in another language", .timeLimit(.minutes(1)))
struct PythonWorkerTests {
    private static let program =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path() + "/docs/distributed/worker.py"

    @Test("the documented worker in Python executes nodes of a type of its own, large ones too, and fails them")
    func python() async throws {
        let lines = try text(of: Self.program).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count < 61)
        let broker = try await Broker()
        try await TestServer.with { server in
            _ = try await server.client.registerCluster(clusterConfig(broker))
            let worker = try ToolProcess(
                Broker.python, ["-u", Self.program, broker.url, "snake"], log: broker.directory + "/worker.log")
            try await server.client.workers(1)
            let run = try await server.client.finished(
                try await server.client.submit([node("a", "shout", ["marks": 2])], input: ["text": "hi"]))
            #expect(run.json["output"] == ["text": "HI!!"], "\(run.text) \(worker.output)")
            #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"] == "snake", "\(run.text)")
            let failed = try await server.client.finished(
                try await server.client.submit([node("a", "shout")], input: ["no": "text"]))
            let error = failed.json["nodes"]?["a"]?["error"]
            #expect(error?["message"]?.string?.contains("KeyError") == true, "\(failed.text) \(worker.output)")
            let large = String(repeating: "x", count: 700_000)
            let sent = try await server.client.finished(
                try await server.client.submit([node("a", "shout")], input: ["text": .string(large)]))
            // What comes out is larger than a message; the worker says so, and the broker refuses nothing.
            #expect(sent.json["output"]?["text"]?.string?.count == 700_001, "\(sent.text.prefix(300)) \(worker.output)")
        }
    }
}
