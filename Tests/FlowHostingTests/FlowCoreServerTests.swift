import FlowCore
import FlowHosting
import FlowJSON
import FlowTesting
import Logging
import TestSupport
import Testing

@Suite("a server in a program of one's own", .timeLimit(.minutes(1)))
struct FlowCoreServerTests {
    private static func configuration(_ backends: [any Backend] = []) -> FlowCoreServer.Configuration {
        var configuration = FlowCoreServer.Configuration(directory: temporaryDirectory())
        configuration.port = 0
        configuration.shutdownGrace = .milliseconds(100)
        configuration.backends = backends
        return configuration
    }

    @Test("backends of one's own are part of the server, beside native")
    func backends() async throws {
        let own = ScriptedBackend(name: "own") { .success(output: ["got": $0.input]) }
        try await FlowCoreServer(Self.configuration([own])).serve { server in
            #expect(server.url == "http://127.0.0.1:\(server.port)")
            let client = TestClient(port: server.port)
            let run = try await client.run(workflow([node("a", "anything")]), input: 1, ["backend": "own"])
            #expect(run.json["output"] == ["got": 1] && run.json["nodes"]?["a"]?["backend"] == "own", "\(run.text)")
            let native = try await client.run(workflow([node("a", "set", ["value": 2])]))
            #expect(native.json["output"] == 2)
            let kept = try await client.send("DELETE", "/backends/own")
            #expect(kept.status == 409, "\(kept.text)")
        }
        #expect(own.executed.count == 1)
    }

    @Test("what a stop leaves unfinished goes on with the next start")
    func restart() async throws {
        let gate = Gate()
        let first = ScriptedBackend(name: "own") { _ in
            guard await gate.pass() else { throw CancellationError() }
            return .success(output: 1)
        }
        var configuration = Self.configuration([first])
        try await FlowCoreServer(configuration).serve { server in
            let body: JSONValue = ["workflow": workflow([node("a", "x")]), "backend": "own", "workflow_id": "w"]
            let submitted = try await TestClient(port: server.port).send("POST", "/workflows", body)
            #expect(submitted.status == 202, "\(submitted.text)")
            await gate.arrivals(1)
        }
        configuration.backends = [ScriptedBackend(name: "own") { _ in .success(output: 2) }]
        try await FlowCoreServer(configuration).serve { server in
            let client = TestClient(port: server.port)
            // It listens before it has taken the run up, and until then nobody can wait for it.
            while try await client.send("GET", "/readyz").status != 200 {}
            let run = try await client.send("GET", "/workflows/w?wait=20s")
            #expect(run.json["status"] == "completed" && run.json["output"] == 2, "\(run.text)")
        }
    }

    @Test("it refuses what is not safe or cannot be")
    func refusals() async throws {
        func reason(_ change: (inout FlowCoreServer.Configuration) -> Void) async -> String {
            var configuration = Self.configuration()
            change(&configuration)
            do {
                try await FlowCoreServer(configuration).serve { _ in }
                return ""
            } catch {
                return error is FlowCoreServer.StartError ? "\(error)" : "another error: \(error)"
            }
        }
        #expect(await reason { $0.host = "0.0.0.0" }.contains("without API keys"))
        #expect(await reason { $0.apiKeys = ["short"] }.contains("at least 16"))
        let twin = ScriptedBackend(name: .native) { _ in .success(output: 1) }
        #expect(await reason { $0.backends = [twin] }.contains("two backends \"native\""))
        #expect(await reason { $0.directory = "/dev/null/x" }.contains("cannot be used"))
        #expect(
            await reason {
                $0.host = "192.0.2.1"; $0.apiKeys = ["admin:0123456789abcdef"]
            }.contains("cannot serve"))
        #expect(
            await reason {
                $0.host = "0.0.0.0"; $0.apiKeys = ["admin:0123456789abcdef"]
            }.isEmpty)
    }

    @Test("keys open the API, and what a body throws ends the server")
    func keys() async throws {
        struct Done: Error {}
        var configuration = Self.configuration()
        configuration.apiKeys = ["viewer:0123456789abcdef"]
        await #expect(throws: Done.self) {
            try await FlowCoreServer(configuration).serve { server in
                let client = TestClient(port: server.port)
                #expect(try await client.send("GET", "/backends").status == 401)
                let headers = ["Authorization": "Bearer 0123456789abcdef"]
                #expect(try await client.send("GET", "/backends", headers: headers).status == 200)
                throw Done()
            }
        }
        // The directory is free again.
        try await FlowCoreServer(configuration).serve { _ in }
    }

    @Test("it runs until its task is cancelled, and lets go of what it had")
    func cancellation() async throws {
        let listens = Gate()
        let keeper = LogKeeper { if $0.message == "listening" { listens.open() } }
        var configuration = Self.configuration()
        configuration.logger = keeper.logger("test")
        let task = Task { [configuration] in try await FlowCoreServer(configuration).run() }
        #expect(await listens.pass())
        task.cancel()
        try await task.value
        #expect(keeper.all.last { $0.level >= .notice }?.message == "stopping")
        try await FlowCoreServer(configuration).serve { _ in }
    }
}
