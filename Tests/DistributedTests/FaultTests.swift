import FlowCore
import FlowJSON
import FlowNATS
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("nothing is lost", .timeLimit(.minutes(3)))
struct FaultTests {
    private static func nodes(_ effects: Effects, _ count: Int) -> [JSONValue] {
        (0..<count).map { effects.node("n\($0)", after: []) }
    }

    private static func expectWhole(_ run: TestResponse, _ effects: Effects, _ count: Int, duplicates: Int) {
        #expect(run.json["status"] == "completed", "\(run.text.prefix(2000))")
        #expect(effects.counts.count == count, "\(effects.counts.count) of \(count) nodes had their effect")
        #expect(effects.duplicates <= duplicates, "had more than once: \(effects.counts.filter { $0.value > 1 })")
    }

    @Test("a worker that is killed within a node is followed by another one after the lease")
    func workerKilled() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            try await withCluster(workers: 1, ["heartbeat": "500ms"]) { server, broker, workers in
                let id = try await server.client.submit([effects.node("a")])
                try await until { effects.server.requests.count == 1 }
                try await workers[0].kill()
                let other = try await Worker(broker, "other")
                gate.open()
                let run = try await server.client.finished(id)
                Self.expectWhole(run, effects, 1, duplicates: 1)
                #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"]?.string == other.id, "\(run.text)")
                // One attempt: that a worker was lost is nothing of the node's.
                #expect(run.json["nodes"]?["a"]?["attempt"] == 1)
                try await until {
                    let workers = try await server.client.send("GET", "/backends/cluster/workers").json["workers"]
                    return workers?.array?.first { $0["worker"] == "w0" }?["status"] == "stale"
                }
            }
        }
    }

    @Test("workers that are killed under load lose nothing")
    func workersKilledUnderLoad() async throws {
        try await Effects.with { effects in
            try await withCluster(workers: 2, concurrency: 8, ["heartbeat": "500ms"]) { server, broker, workers in
                let count = 400
                let id = try await server.client.submit(Self.nodes(effects, count))
                try await until { effects.server.requests.count > 50 }
                try await workers[0].kill()
                let other = try await Worker(broker, "other", concurrency: 8)
                try await until { effects.server.requests.count > 200 }
                try await workers[1].kill()
                let run = try await server.client.finished(id)
                // What was with a worker when it was killed may have had its effect.
                Self.expectWhole(run, effects, count, duplicates: 16)
                withExtendedLifetime(other) {}
            }
        }
    }

    @Test("a worker that is told to end finishes what it has, and hands back what takes too long")
    func drain() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker()
            let first = try await Worker(broker, "first", arguments: ["--grace", "60s"])
            try await TestServer.with { server in
                _ = try await server.client.registerCluster(clusterConfig(broker))
                try await server.client.workers(1)
                let id = try await server.client.submit([effects.node("a"), effects.node("b")])
                try await until { effects.server.requests.count == 1 }
                first.process.signal(SIGTERM)
                try await until {
                    let workers = try await server.client.send("GET", "/backends/cluster/workers").json["workers"]
                    return workers?.array?.first?["status"] == "draining"
                }
                gate.open()
                #expect(try await first.process.exit() == 0)
                let second = try await Worker(broker, "second", arguments: ["--grace", "100ms"])
                let run = try await server.client.finished(id)
                Self.expectWhole(run, effects, 2, duplicates: 0)
                #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"] == "first", "\(run.text)")
                // The second one does not wait for what takes an hour.
                let slow = try await server.client.submit([node("slow", "delay", ["duration": "2s"])])
                try await until { try await server.client.busy(1) }
                second.process.signal(SIGTERM)
                #expect(try await second.process.exit() == 0)
                let third = try await Worker(broker, "third")
                let handed = try await server.client.finished(slow)
                #expect(handed.json["nodes"]?["slow"]?["metadata"]?["worker"] == "third", "\(handed.text)")
                #expect(handed.json["nodes"]?["slow"]?["attempt"] == 1)
                withExtendedLifetime(third) {}
            }
        }
    }

    @Test("a broker that is killed and restarted loses nothing that it had acknowledged")
    func brokerRestart() async throws {
        try await Effects.with { effects in
            try await withCluster(workers: 2, concurrency: 4, ["heartbeat": "500ms"]) { server, broker, _ in
                let count = 300
                let id = try await server.client.submit(Self.nodes(effects, count))
                try await until { effects.server.requests.count > 50 }
                try await broker.kill()
                try await until { try await server.client.send("GET", "/backends/cluster/health").status == 503 }
                try await broker.start()
                let run = try await server.client.finished(id)
                Self.expectWhole(run, effects, count, duplicates: 16)
            }
        }
    }

    @Test("tasks that a broker lost with its store are published again")
    func brokerLosesAll() async throws {
        try await withCluster(workers: 0, ["heartbeat": "500ms"]) { server, broker, _ in
            let id = try await server.client.submit([node("a", "passthrough")])
            let connection = try await broker.connection()
            let stream = JetStream(connection)
            try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 1 }
            connection.close()
            try await broker.kill()
            try FileManager.default.removeItem(atPath: broker.directory + "/js")
            try await broker.start()
            let worker = try await Worker(broker)
            let run = try await server.client.finished(id)
            #expect(run.json["status"] == "completed", "\(run.text)")
            withExtendedLifetime(worker) {}
        }
    }

    @Test("what is given up while the broker is away is not executed when it is back")
    func givenUpMeanwhile() async throws {
        try await Effects.with { effects in
            try await withCluster(workers: 0) { server, broker, _ in
                let late = try await server.client.submit([effects.node("late", more: ["timeout": "2s"])])
                let cancelled = try await server.client.submit([effects.node("cancelled")])
                let connection = try await broker.connection()
                let stream = JetStream(connection)
                try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 2 }
                connection.close()
                try await broker.kill()
                try await until { try await server.client.send("GET", "/backends/cluster/health").status == 503 }
                _ = try await server.client.send("POST", "/workflows/\(cancelled)/cancel")
                #expect(try await server.client.finished(cancelled).json["status"] == "cancelled")
                #expect(try await server.client.finished(late).json["nodes"]?["late"]?["error"]?["code"] == "timeout")
                try await broker.start()
                let again = try await broker.connection()
                defer { again.close() }
                let tasks = JetStream(again)
                try await until { try await tasks.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 0 }
                let worker = try await Worker(broker)
                let run = try await server.client.finished(try await server.client.submit([effects.node("next")]))
                #expect(run.json["status"] == "completed", "\(run.text)")
                #expect(effects.counts == ["next": 1])
                withExtendedLifetime(worker) {}
            }
        }
    }

    @Test("a server that is killed takes up what came meanwhile, and nothing is done twice")
    func serverKilled() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker()
            let worker = try await Worker(broker, concurrency: 4)
            let data = try madeDirectory()
            let server = try await ServerProcess.withCluster(broker, data: data)
            try await server.client.workers(1)
            // Four run, the others wait.
            let id = try await server.client.submit(Self.nodes(effects, 10))
            try await until { effects.server.requests.count == 4 }
            try await server.crash()
            // All of it is done while nobody is there who wants it.
            gate.open()
            try await until { effects.server.requests.count == 10 }
            let connection = try await broker.connection()
            let stream = JetStream(connection)
            try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 0 }
            let again = try await ServerProcess(data: data)
            let run = try await again.client.finished(id)
            Self.expectWhole(run, effects, 10, duplicates: 0)
            #expect(run.json["nodes"]?["n0"]?["attempt"] == 2, "\(run.text.prefix(2000))")
            try await until { try await stream.call("STREAM.INFO.WF_RES")["state"]?["messages"] == 0 }
            connection.close()
            #expect(try await again.stop() == 0)
            withExtendedLifetime(worker) {}
        }
    }

    @Test("a server that is stopped leaves what runs to its workers, and the next start takes it up")
    func serverStopped() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker()
            let worker = try await Worker(broker, concurrency: 4)
            let data = try madeDirectory()
            let server = try await ServerProcess.withCluster(
                broker, data: data, environment: ["FLOWCORE_SERVER_SHUTDOWN_GRACE": "100ms"])
            try await server.client.workers(1)
            let id = try await server.client.submit(Self.nodes(effects, 6))
            try await until { effects.server.requests.count == 4 }
            #expect(try await server.stop() == 0)
            let again = try await ServerProcess(data: data)
            try await until { try await again.client.send("GET", "/backends/cluster/health").status == 200 }
            gate.open()
            let run = try await again.client.finished(id)
            Self.expectWhole(run, effects, 6, duplicates: 0)
            #expect(try await again.stop() == 0)
            withExtendedLifetime(worker) {}
        }
    }
}
