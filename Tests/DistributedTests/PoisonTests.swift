import FlowJSON
import FlowNATS
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("nodes that end their workers", .timeLimit(.minutes(3)))
struct PoisonTests {
    private static func expectLost(_ run: TestResponse, _ effects: Effects) {
        #expect(run.json["status"] == "failed", "\(run.text)")
        let error = run.json["nodes"]?["a"]?["error"]
        #expect(error?["code"] == "lost", "\(run.text)")
        #expect(error?["message"]?.string?.contains("2 workers were lost") == true, "\(run.text)")
        #expect(effects.server.requests.count == 2)
    }

    @Test("a node that ends every worker that takes it fails, with the reason")
    func poison() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            try await withCluster(workers: 0, ["heartbeat": "200ms", "max_deliveries": 2]) { server, broker, _ in
                let id = try await server.client.submit([effects.node("a")])
                for turn in 1...2 {
                    let worker = try await Worker(broker)
                    try await until { effects.server.requests.count == turn }
                    try await worker.kill()
                }
                let last = try await Worker(broker)
                let run = try await server.client.finished(id)
                Self.expectLost(run, effects)
                gate.open()
                withExtendedLifetime(last) {}
            }
        }
    }

    @Test("what a node has cost in workers is not forgotten by a server that is killed")
    func poisonOverRestarts() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker()
            let data = try madeDirectory()
            var server = try await ServerProcess.withCluster(
                broker, ["heartbeat": "200ms", "max_deliveries": 2], data: data)
            let id = try await server.client.submit([effects.node("a")])
            for turn in 1...2 {
                let worker = try await Worker(broker)
                try await until { effects.server.requests.count == turn }
                try await until { try await broker.begun(id, "a").count == turn }
                try await worker.kill()
                try await server.crash()
                server = try await ServerProcess(data: data)
                let client = server.client
                try await until { try await client.send("GET", "/backends/cluster/health").status == 200 }
            }
            let last = try await Worker(broker)
            let run = try await server.client.finished(id)
            Self.expectLost(run, effects)
            try await until { try await broker.begun(id, "a").isEmpty }
            gate.open()
            #expect(try await server.stop() == 0)
            withExtendedLifetime(last) {}
        }
    }

    @Test("a server that starts learns who works on what it had handed out, and what is given back is no loss")
    func begunMeanwhile() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker()
            let data = try madeDirectory()
            let server = try await ServerProcess.withCluster(
                broker, ["heartbeat": "200ms", "max_deliveries": 1], data: data)
            let id = try await server.client.submit([effects.node("a")])
            let connection = try await broker.connection()
            let stream = JetStream(connection)
            try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 1 }
            try await server.crash()
            // It is begun while no server is there that could hear of it.
            let first = try await Worker(broker, arguments: ["--grace", "10ms"])
            try await until { effects.server.requests.count == 1 }
            let again = try await ServerProcess(data: data)
            try await until { try await broker.begun(id, "a").count == 1 }
            first.process.signal(SIGTERM)
            #expect(try await first.process.exit() == 0)
            try await until { try await broker.begun(id, "a").isEmpty }
            let second = try await Worker(broker)
            try await until { effects.server.requests.count == 2 }
            gate.open()
            let run = try await again.client.finished(id)
            #expect(run.json["status"] == "completed", "\(run.text)")
            connection.close()
            #expect(try await again.stop() == 0)
            withExtendedLifetime(second) {}
        }
    }
}
