import FlowCore
import FlowJSON
import FlowNATS
import FlowTesting
import TestSupport
import Testing

@Suite("what is not right is refused", .timeLimit(.minutes(2)))
struct RefusalTests {
    @Test("a configuration is read strictly, with a pointer to everything that is wrong")
    func configuration() async throws {
        try await TestServer.with { server in
            let made = try await server.client.registerCluster([
                "servers": ["http://x", "nats://user:pass@x"], "credentials": ["user": "a"], "stream_replicas": 9,
                "heartbeat": "1ms", "shard": "a.b", "more": 1,
            ])
            #expect(made.status == 422, "\(made.text)")
            #expect(
                Set(made.places) == [
                    "/config/servers/0", "/config/servers/1", "/config/credentials", "/config/stream_replicas",
                    "/config/heartbeat", "/config/shard", "/config/more",
                ], "\(made.text)")
            let secret = try await server.client.registerCluster(
                clusterConfig(try await Broker(), ["credentials": "missing"]))
            #expect(secret.status == 422 && secret.places == ["/config/credentials"], "\(secret.text)")
        }
    }

    @Test("without a broker the backend is unhealthy, the server lives, and it connects when there is one")
    func brokerAway() async throws {
        let broker = try await Broker()
        try await broker.kill()
        try await TestServer.with { server in
            let made = try await server.client.registerCluster(clusterConfig(broker, ["connect_wait": "10ms"]))
            #expect(made.status == 201, "\(made.text)")
            let health = try await server.client.send("GET", "/backends/cluster/health")
            #expect(health.status == 503, "\(health.text)")
            #expect(health.json["reason"]?.string?.hasPrefix("the broker cannot be used") == true, "\(health.text)")
            let native = try await server.client.run(workflow([node("a", "passthrough")]))
            #expect(native.json["status"] == "completed")
            try await broker.start()
            try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
            let worker = try await Worker(broker)
            let run = try await server.client.finished(try await server.client.submit([node("a", "passthrough")]))
            #expect(run.json["status"] == "completed", "\(run.text)")
            withExtendedLifetime(worker) {}
        }
    }

    @Test("wrong credentials make the backend unhealthy, and right ones work")
    func credentials() async throws {
        let broker = try await Broker("authorization { users: [{ user: flow, password: right-password }] }")
        var options = TestServer.Options()
        options.secrets = Secrets(["wrong": "wrong-password", "right": "right-password"])
        try await TestServer.with(options) { server in
            func config(_ secret: JSONValue) -> JSONObject {
                clusterConfig(broker, ["credentials": ["user": "flow", "password": ["secret": secret]]])
            }
            #expect(try await server.client.registerCluster(config("wrong")).status == 201)
            let health = try await server.client.send("GET", "/backends/cluster/health")
            #expect(health.status == 503, "\(health.text)")
            #expect(health.json["reason"]?.string?.lowercased().contains("authorization") == true, "\(health.text)")
            #expect(!health.text.contains("wrong-password"))
            let mended = try await server.client.send(
                "PUT", "/backends/cluster", ["type": "distributed", "config": .object(config("right"))])
            #expect(mended.status == 200, "\(mended.text)")
            try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
            let worker = try await Worker(
                broker, arguments: ["--user", "flow"], environment: ["FLOWCORE_WORKER_PASSWORD": "right-password"])
            let run = try await server.client.finished(try await server.client.submit([node("a", "passthrough")]))
            #expect(run.json["status"] == "completed", "\(run.text)")
            withExtendedLifetime(worker) {}
        }
    }

    @Test("a certificate that is not trusted makes the backend unhealthy, and a trusted one works")
    func encryption() async throws {
        let directory = try madeDirectory()
        let paths = try await certificate(in: directory)
        let other = try await certificate(in: try madeDirectory())
        let broker = try await Broker("tls { cert_file: \"\(paths.certificate)\", key_file: \"\(paths.key)\" }")
        try await TestServer.with { server in
            let wrong = clusterConfig(broker, ["tls": ["ca_file": .string(other.certificate)]])
            #expect(try await server.client.registerCluster(wrong).status == 201)
            let health = try await server.client.send("GET", "/backends/cluster/health")
            #expect(health.status == 503, "\(health.text)")
            let right = clusterConfig(broker, ["tls": ["ca_file": .string(paths.certificate)]])
            let mended = try await server.client.send(
                "PUT", "/backends/cluster", ["type": "distributed", "config": .object(right)])
            #expect(mended.status == 200, "\(mended.text)")
            try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
            let worker = try await Worker(broker, arguments: ["--tls-ca", paths.certificate])
            let run = try await server.client.finished(try await server.client.submit([node("a", "passthrough")]))
            #expect(run.json["status"] == "completed", "\(run.text)")
            withExtendedLifetime(worker) {}
        }
    }

    @Test("foreign messages, later versions and workers that were not given a node are refused and logged")
    func foreign() async throws {
        let log = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = { log.logger($0) }
        try await withCluster(workers: 0, [:], options) { server, broker, _ in
            let id = try await server.client.submit([node("a", "passthrough")], input: ["n": 1])
            let connection = try await broker.connection()
            defer { connection.close() }
            let stream = JetStream(connection)
            try await until { try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 1 }
            func publish(_ subject: String, _ text: String) async throws {
                _ = try await stream.publish(
                    subject, id: "\(subject)\(text.hashValue)", Array(text.utf8), within: .seconds(5))
            }
            let result = "wf.res.cluster.\(id).a"
            let forged: JSONValue = [
                "v": 1, "id": .string("\(id).a.1"), "token": "guessed", "worker": "thief", "run": .string(id),
                "node": "a", "attempt": 1, "success": true, "output": "stolen",
            ]
            try await publish(result, "no JSON")
            try await publish(result, "{\"v\": 2, \"id\": \"x\"}")
            try await publish(result, "\(forged)")
            try await publish("wf.res.cluster.nobody.a", "\(forged)")
            try connection.publish("wf.ev.cluster.thief", Array("{\"v\": 1, \"worker\": \"thief\"}".utf8))
            try connection.publish("wf.reg.thief", Array("{\"v\": 9}".utf8))
            // What is no task is dropped by the worker; what is newer stays for a newer one.
            try await publish("wf.task.type_passthrough.\(id).a", "no task")
            try await publish("wf.task.type_passthrough.later.a", "{\"v\": 2}")
            try await until { log.all.filter { $0.message == "result refused" }.count >= 3 }
            try await until { log.all.contains { $0.message == "event refused" } }
            try await until { log.all.contains { $0.message == "registration refused" } }
            let worker = try await Worker(broker)
            let run = try await server.client.finished(id)
            #expect(run.json["status"] == "completed" && run.json["output"] == ["n": 1], "\(run.text)")
            try await worker.process.prints("task refused", times: 2)
            try await until { try await stream.call("STREAM.INFO.WF_RES")["state"]?["messages"] == 0 }
            #expect(try await stream.call("STREAM.INFO.WF_TASKS")["state"]?["messages"] == 1)
            #expect(log.all.contains { $0.metadata["reason"]?.contains("was not given") == true })
        }
    }

    @Test("two servers do not take each other's results")
    func shards() async throws {
        try await withCluster { server, broker, _ in
            try await TestServer.with { other in
                #expect(try await other.client.registerCluster(clusterConfig(broker)).status == 201)
                let health = try await other.client.send("GET", "/backends/cluster/health")
                #expect(health.status == 503 && health.text.contains("shard"), "\(health.text)")
                let mended = try await other.client.send(
                    "PUT", "/backends/cluster",
                    ["type": "distributed", "config": .object(clusterConfig(broker, ["shard": "other"]))])
                #expect(mended.status == 200, "\(mended.text)")
                try await until { try await other.client.send("GET", "/backends/cluster/health").status == 200 }
                for client in [server.client, other.client] {
                    let run = try await client.finished(try await client.submit([node("a", "passthrough")]))
                    #expect(run.json["status"] == "completed", "\(run.text)")
                }
            }
        }
    }
}
