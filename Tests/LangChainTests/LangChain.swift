import FlowCore
import FlowJSON
import Foundation
import TestSupport
import Testing

/// The Python that tests run, and the nodes that they have it run.
enum LangChain {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()

    /// The interpreter of the environment that `scripts/langchain.sh` makes.
    static let python =
        ProcessInfo.processInfo.environment["LANGCHAIN_PYTHON"] ?? root + "/.build/venv-langchain/bin/python"

    /// The directory of the tests' own Python.
    static let directory = root + "/Tests/LangChainTests/Python"

    /// A registration's configuration.
    static func config(_ more: JSONObject = [:]) -> JSONObject {
        var config: JSONObject = [
            "python": .string(python), "workers": 1, "allow": ["langchain_core.*", "lc_samples:*"],
            "python_path": [.string(directory)],
        ]
        for member in more.members { config[member.name] = member.value }
        return config
    }

    /// Calls `body` with a server that has the backend `lc`.
    static func with(
        _ more: JSONObject = [:], _ options: TestServer.Options = TestServer.Options(),
        _ body: @Sendable (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.with(options) { server in
            let made = try await register(server, config(more))
            #expect(made.status == 201, "\(made.text)")
            try #require(
                FileManager.default.isExecutableFile(atPath: python), "scripts/langchain.sh makes what the tests need")
            // A starved machine takes longer than a registration waits.
            try await until { try await server.client.send("GET", "/backends/lc/health").status == 200 }
            try await body(server)
        }
    }

    static func register(_ server: TestServer, _ config: JSONObject) async throws -> TestResponse {
        try await server.client.send(
            "POST", "/backends", ["name": "lc", "type": "langchain", "config": .object(config)])
    }

    /// The ids of the processes that are ready.
    static func processes(_ server: TestServer) async throws -> [Int32] {
        let health = try await server.client.send("GET", "/backends/lc/health").json
        return (health["details"]?["workers"]?.array ?? []).filter { $0["state"] == "ready" }
            .compactMap { $0["pid"]?.integer.flatMap { Int32(exactly: $0) } }
    }

    /// The parts that a run's nodes have handed out.
    static func chunks(_ server: TestServer, _ id: String) async throws -> [JSONValue] {
        let events = try await server.client.send("GET", "/workflows/\(id)/events").json["events"]?.array ?? []
        return events.filter { $0["type"] == "chunk" }.compactMap { $0["chunk"] }
    }
}

/// A node that a function of the tests' own Python makes.
func runnable(
    _ id: String, _ name: String, after: [String]? = nil, _ args: [JSONValue] = [], _ more: JSONObject = [:],
    config: JSONObject = [:]
) -> JSONValue {
    let factory = name.contains(":") ? name : "lc_samples:" + name
    var all: JSONObject = ["factory": .string(factory)]
    if !args.isEmpty { all["args"] = .array(args) }
    for member in config.members { all[member.name] = member.value }
    return node(id, "runnable", after: after, .object(all), more)
}

extension TestServer {
    /// Runs a workflow on the backend `lc`.
    func runLangChain(_ nodes: [JSONValue], input: JSONValue = ["n": 1], _ more: JSONObject = [:]) async throws
        -> TestResponse
    {
        var fields = more
        fields["backend"] = "lc"
        return try await client.run(workflow(nodes), input: input, fields)
    }

    /// Submits a workflow to the backend `lc`.
    ///
    /// - Returns: the run's id.
    func startLangChain(_ nodes: [JSONValue], input: JSONValue = ["n": 1]) async throws -> String {
        let submitted = try await client.send(
            "POST", "/workflows", ["workflow": workflow(nodes), "input": input, "backend": "lc"])
        return try #require(submitted.json["workflow_id"]?.string, "\(submitted.text)")
    }
}
