import FlowCore
import FlowJSON
import FlowNATS
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("who takes a node, and how soon", .timeLimit(.minutes(2)))
struct ChoiceTests {
    @Test("a worker gets no node of a type that it does not take")
    func types() async throws {
        let broker = try await Broker()
        let sets = try await Worker(broker, "sets", types: "set")
        let others = try await Worker(broker, "others", types: "passthrough,delay")
        try await TestServer.with { server in
            _ = try await server.client.registerCluster(clusterConfig(broker))
            try await server.client.workers(2)
            let nodes = (0..<20).map { index in
                index % 2 == 0
                    ? node("n\(index)", "set", ["value": 1], more: ["depends_on": []])
                    : node("n\(index)", "passthrough", more: ["depends_on": []])
            }
            let run = try await server.client.finished(try await server.client.submit(nodes))
            #expect(run.json["status"] == "completed", "\(run.text)")
            for index in 0..<20 {
                let worker = run.json["nodes"]?["n\(index)"]?["metadata"]?["worker"]
                #expect(worker == (index % 2 == 0 ? "sets" : "others"))
            }
            // What no worker takes is refused at submission.
            let refused = try await server.client.send(
                "POST", "/workflows",
                ["workflow": ["name": "x", "nodes": [node("a", "telepathy")]], "backend": "cluster"])
            #expect(refused.status == 422 && refused.places == ["/workflow/nodes/0/type"], "\(refused.text)")
            let workers = try await server.client.send("GET", "/backends/cluster/workers").json["workers"]?.array ?? []
            #expect(workers.map { $0["types"] } == [["passthrough", "delay"], ["set"]])
            #expect(try await server.client.send("GET", "/backends/native/workers").json == ["workers": []])
        }
        withExtendedLifetime((sets, others)) {}
    }

    @Test("a node that asks for labels goes to a worker that has them, and to no other")
    func labels() async throws {
        let broker = try await Broker()
        let plain = try await Worker(broker, "plain")
        try await TestServer.with { server in
            _ = try await server.client.registerCluster(clusterConfig(broker))
            try await server.client.workers(1)
            let pinned = node("a", "passthrough", more: ["worker": ["gpu": "true"]])
            let id = try await server.client.submit([pinned, node("b", "passthrough")])
            let connection = try await broker.connection()
            defer { connection.close() }
            let stream = JetStream(connection)
            try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 1 }
            // The other worker has had its chance.
            let free = try await server.client.finished(try await server.client.submit([node("a", "passthrough")]))
            #expect(free.json["nodes"]?["a"]?["metadata"]?["worker"] == "plain")
            let labelled = try await Worker(
                broker, "labelled", arguments: ["--label", "gpu=true", "--label", "zone=a"])
            let run = try await server.client.finished(id)
            #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"] == "labelled", "\(run.text)")
            // A backend without workers cannot place it.
            let refused = try await server.client.send(
                "POST", "/workflows", ["workflow": ["name": "x", "nodes": [pinned]], "backend": "native"])
            #expect(refused.status == 422 && refused.places == ["/workflow/nodes/0/worker"], "\(refused.text)")
            let wrong = try await server.client.send(
                "POST", "/workflows",
                [
                    "workflow": [
                        "name": "x",
                        "nodes": [node("a", "set", more: ["worker": ["a b": "x"], "priority": "urgent"])],
                    ], "backend": "cluster",
                ])
            #expect(
                Set(wrong.places).isSuperset(of: ["/workflow/nodes/0/worker/a b", "/workflow/nodes/0/priority"]),
                "\(wrong.text)")
            withExtendedLifetime(labelled) {}
        }
        withExtendedLifetime(plain) {}
    }

    @Test("what waits for workers that are not there is told by the backend's health, and logged once")
    func unserved() async throws {
        let log = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = { log.logger($0) }
        try await withCluster(workers: 1, [:], options) { server, broker, _ in
            func unserved() async throws -> JSONValue? {
                try await server.client.send("GET", "/backends/cluster/health").json["details"]?["unserved"]
            }
            #expect(try await unserved() == [])
            let pinned = (0..<3).map { index in
                node(
                    "n\(index)", "passthrough",
                    more: ["depends_on": [], "worker": ["gpu": "true", "zone": "a"], "priority": "high"])
            }
            let id = try await server.client.submit(pinned + [node("other", "passthrough", more: ["depends_on": []])])
            // The one that no label keeps is done.
            let told: JSONValue = [
                ["type": "passthrough", "worker": ["gpu": "true", "zone": "a"], "priority": "high", "nodes": 3]
            ]
            try await until { try await unserved() == told }
            #expect(try await server.client.send("GET", "/backends/cluster/health").json["healthy"] == true)
            let message = "nodes wait, and no worker takes them"
            try await until { log.all.contains { $0.message == message && $0.metadata["nodes"] == "3" } }
            let half = try await Worker(broker, "half", arguments: ["--label", "gpu=true"])
            try await server.client.workers(2)
            #expect(try await unserved() == told)
            let whole = try await Worker(broker, "whole", arguments: ["--label", "gpu=true", "--label", "zone=a"])
            let run = try await server.client.finished(id)
            #expect(run.json["status"] == "completed", "\(run.text)")
            #expect(try await unserved() == [])
            #expect(log.all.filter { $0.message == message }.count == 1)
            withExtendedLifetime((half, whole)) {}
        }
    }

    @Test("of the nodes that wait the urgent ones are taken first")
    func priorities() async throws {
        try await Effects.with { effects in
            let broker = try await Broker()
            try await TestServer.with { server in
                _ = try await server.client.registerCluster(clusterConfig(broker))
                try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
                var nodes: [JSONValue] = []
                for (name, priority) in [("low", "low"), ("normal", nil), ("high", "high")] as [(String, String?)] {
                    for index in 0..<4 {
                        var more = JSONObject()
                        more["priority"] = priority.map { .string($0) }
                        nodes.append(effects.node("\(name)\(index)", after: [], more: more))
                    }
                }
                let id = try await server.client.submit(nodes)
                let connection = try await broker.connection()
                defer { connection.close() }
                let stream = JetStream(connection)
                try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 12 }
                let worker = try await Worker(broker, concurrency: 1)
                let run = try await server.client.finished(id)
                #expect(run.json["status"] == "completed", "\(run.text)")
                let order = effects.server.requests.map { $0.path.dropFirst().prefix(1) }
                #expect(order.joined() == "hhhhnnnnllll", "\(order)")
                withExtendedLifetime(worker) {}
            }
        }
    }

    @Test("nodes of a run are shared by the workers as they have room")
    func sharing() async throws {
        try await withCluster(workers: 2, concurrency: 4) { server, _, _ in
            let nodes = (0..<40).map { node("n\($0)", "delay", ["duration": "20ms"], more: ["depends_on": []]) }
            let run = try await server.client.finished(try await server.client.submit(nodes))
            var counts: [String: Int] = [:]
            for index in 0..<40 {
                counts[run.json["nodes"]?["n\(index)"]?["metadata"]?["worker"]?.string ?? "", default: 0] += 1
            }
            #expect(counts["w0", default: 0] > 0 && counts["w1", default: 0] > 0, "\(counts)")
            #expect(counts.values.reduce(0, +) == 40 && counts.count == 2, "\(counts)")
        }
    }

    @Test("what a worker had is with another one as soon as its connection has ended")
    func fastRedelivery() async throws {
        let accounts = """
            accounts { FLOW: { jetstream: enabled, users: [{user: flow, password: flow}] },
                       SYS: { users: [{user: sys, password: sys}] } }
            system_account: SYS
            """
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            let broker = try await Broker(accounts)
            var options = TestServer.Options()
            options.secrets = Secrets(["flow": "flow", "sys": "sys"])
            func worker(_ id: String) async throws -> Worker {
                try await Worker(
                    broker, id, arguments: ["--user", "flow"], environment: ["FLOWCORE_WORKER_PASSWORD": "flow"])
            }
            let first = try await worker("first")
            try await TestServer.with(options) { server in
                // No lease ends within the test: only the event can do it.
                let config = clusterConfig(
                    broker,
                    [
                        "credentials": ["user": "flow", "password": ["secret": "flow"]], "heartbeat": "1h",
                        "system": ["credentials": ["user": "sys", "password": ["secret": "sys"]]],
                    ])
                let made = try await server.client.registerCluster(config)
                #expect(made.status == 201, "\(made.text)")
                try await server.client.workers(1)
                let id = try await server.client.submit([effects.node("a")])
                try await until { effects.server.requests.count == 1 }
                try await until { try await server.client.busy(1) }
                let second = try await worker("second")
                try await server.client.workers(2)
                try await first.kill()
                try await until { effects.server.requests.count == 2 }
                gate.open()
                let run = try await server.client.finished(id)
                #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"] == "second", "\(run.text)")
                withExtendedLifetime(second) {}
            }
        }
    }
}
