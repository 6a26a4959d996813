import FlowCore
import FlowJSON
import FlowNATS
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("clusters, cuts and many nodes", .timeLimit(.minutes(5)))
struct ClusterTests {
    @Test("one of three brokers that is killed under load and restarted loses nothing")
    func brokerOfThree() async throws {
        try await Effects.with { effects in
            let brokers = try await Broker.cluster()
            let servers = JSONValue.array(brokers.map { .string($0.url) })
            let urls = brokers.flatMap { ["--nats", $0.url] }
            let workers = [
                try await Worker(brokers[0], "w0", concurrency: 8, arguments: urls),
                try await Worker(brokers[1], "w1", concurrency: 8, arguments: urls),
            ]
            try await TestServer.with { server in
                let made = try await server.client.registerCluster([
                    "servers": servers, "stream_replicas": 3, "heartbeat": "2s",
                ])
                #expect(made.status == 201, "\(made.text)")
                try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
                try await server.client.workers(2)
                let count = 1000
                let nodes = (0..<count).map { effects.node("n\($0)", after: []) }
                let id = try await server.client.submit(nodes)
                try await until { effects.server.requests.count > 200 }
                try await brokers[0].kill()
                try await until { effects.server.requests.count > 400 }
                try await brokers[0].start()
                let run = try await server.client.finished(id)
                #expect(run.json["status"] == "completed", "\(run.text.prefix(2000))")
                #expect(effects.counts.count == count)
                print("one of three brokers killed: \(effects.duplicates) of \(count) effects were had twice")
                #expect(effects.duplicates <= 64)
            }
            withExtendedLifetime(workers) {}
        }
    }

    @Test("a worker that is cut off is followed by another one, and its late result changes nothing")
    func cut() async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker()
            try await CutProxy.with(to: broker.port) { proxy in
                let far = try await Worker(broker, "far", url: proxy.url)
                try await TestServer.with { server in
                    _ = try await server.client.registerCluster(clusterConfig(broker, ["heartbeat": "500ms"]))
                    try await server.client.workers(1)
                    let id = try await server.client.submit([effects.node("a")])
                    try await until { effects.server.requests.count == 1 }
                    proxy.cut(true)
                    let near = try await Worker(broker, "near")
                    try await until { effects.server.requests.count == 2 }
                    gate.open()
                    let run = try await server.client.finished(id)
                    #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"] == "near", "\(run.text)")
                    proxy.cut(false)
                    let connection = try await broker.connection()
                    defer { connection.close() }
                    let stream = JetStream(connection)
                    try await server.client.workers(2)
                    try await until { try await stream.call("STREAM.INFO.WF_RES")["state"]?["messages"] == 0 }
                    let again = try await server.client.send("GET", "/workflows/\(id)")
                    #expect(again.json["nodes"]?["a"]?["metadata"]?["worker"] == "near", "\(again.text)")
                    #expect(effects.server.requests.count == 2)
                    withExtendedLifetime(near) {}
                }
                withExtendedLifetime(far) {}
            }
        }
    }

    @Test("a slow worker holds nobody up: the others take what it has no room for")
    func slowWorker() async throws {
        let broker = try await Broker()
        let slow = try await Worker(broker, "slow", concurrency: 1)
        try await TestServer.with { server in
            _ = try await server.client.registerCluster(clusterConfig(broker))
            try await server.client.workers(1)
            let held = try await server.client.submit([node("a", "delay", ["duration": "1h"])])
            try await until { try await server.client.busy(1) }
            let quick = try await Worker(broker, "quick", concurrency: 4)
            try await server.client.workers(2)
            let nodes = (0..<50).map { node("n\($0)", "passthrough", more: ["depends_on": []]) }
            let run = try await server.client.finished(try await server.client.submit(nodes))
            #expect(run.json["status"] == "completed", "\(run.text)")
            for index in 0..<50 { #expect(run.json["nodes"]?["n\(index)"]?["metadata"]?["worker"] == "quick") }
            _ = try await server.client.send("POST", "/workflows/\(held)/cancel")
            _ = try await server.client.finished(held)
            withExtendedLifetime(quick) {}
        }
        withExtendedLifetime(slow) {}
    }

    @Test("ten thousand nodes side by side, each with its effect once, while a worker is killed")
    func fanOut() async throws {
        try await Effects.with { effects in
            try await withCluster(workers: 2, concurrency: 32, ["heartbeat": "1s"]) { server, broker, workers in
                let count = 10_000
                let nodes = (0..<count).map { effects.node("n\($0)", after: []) }
                let id = try await server.client.submit(nodes)
                try await until { effects.server.requests.count > count / 2 }
                try await workers[0].kill()
                let run = try await server.client.finished(id)
                #expect(run.json["status"] == "completed", "\(run.text.prefix(2000))")
                #expect(effects.counts.count == count, "\(effects.counts.count)")
                print("worker killed: \(effects.duplicates) of \(count) effects were had twice")
                #expect(effects.duplicates <= 32)
            }
        }
    }
}
