import FlowCore
import FlowJSON
import FlowTesting
import Foundation
import TestSupport
import Testing

@Suite("who may connect to a broker", .timeLimit(.minutes(2)))
struct CredentialsTests {
    /// What nobody may read: secrets in whole and in their lines.
    private static func hidden(_ passes: [Scheme.Pass]) -> [String] {
        let secrets = passes.flatMap { Array($0.secrets.values) + Array($0.environment.values) }
        return secrets.flatMap { $0.split(separator: "\n").map { String($0) } }.filter { !$0.contains("---") }
    }

    private static func expectHidden(_ secrets: [String], in text: String) {
        for secret in secrets { #expect(!text.contains(secret), "a secret is told: \(text)") }
    }

    @Test(
        "wrong ones make a backend unhealthy, which says why and tells no secret, and right ones mend it",
        arguments: Scheme.allCases)
    func backend(_ scheme: Scheme) async throws {
        let setup = try await scheme.setup()
        let broker = try await Broker(setup.broker)
        let passes = setup.wrong + [setup.right]
        let hidden = Self.hidden(passes)
        let log = LogKeeper()
        var options = TestServer.Options()
        options.makeLogger = { log.logger($0) }
        options.secrets = Secrets(
            passes.flatMap(\.secrets).reduce(into: [:]) { all, secret in
                if let name = SecretName(checking: secret.key) { all[name] = secret.value }
            })
        try await TestServer.with(options) { server in
            func put(_ pass: Scheme.Pass) async throws -> TestResponse {
                try await server.client.send(
                    "PUT", "/backends/cluster",
                    ["type": "distributed", "config": .object(clusterConfig(broker, pass.config))])
            }
            for pass in setup.wrong {
                let made = try await put(pass)
                #expect([200, 201].contains(made.status), "\(pass.name): \(made.text)")
                let health = try await server.client.send("GET", "/backends/cluster/health")
                let reason = health.json["reason"]?.string?.lowercased() ?? ""
                #expect(health.status == 503, "\(pass.name): \(health.text)")
                #expect(pass.reason.contains { reason.contains($0) }, "\(pass.name): \(health.text)")
                let told = try await server.client.send("GET", "/backends/cluster")
                Self.expectHidden(hidden, in: made.text + health.text + told.text)
                let native = try await server.client.run(workflow([node("a", "passthrough")]))
                #expect(native.json["status"] == "completed")
            }
            #expect(try await put(setup.right).status == 200)
            try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
            let worker = try await Worker(
                broker, arguments: setup.right.arguments, environment: setup.right.environment)
            let run = try await server.client.finished(try await server.client.submit([node("a", "passthrough")]))
            #expect(run.json["status"] == "completed", "\(run.text)")
            Self.expectHidden(hidden, in: worker.process.output)
        }
        for entry in log.all { Self.expectHidden(hidden, in: "\(entry.message) \(entry.metadata)") }
    }

    @Test("a worker with wrong ones says why, tells no secret, and goes on trying", arguments: Scheme.allCases)
    func worker(_ scheme: Scheme) async throws {
        let setup = try await scheme.setup()
        let broker = try await Broker(setup.broker)
        for pass in setup.wrong where pass.isForWorkers {
            let worker = try await Worker(
                broker, arguments: pass.arguments, environment: pass.environment, waits: false)
            try await worker.process.prints("broker error")
            let output = worker.process.output.lowercased()
            #expect(pass.reason.contains { output.contains($0) }, "\(pass.name): \(output)")
            #expect(!output.contains("connected"), "\(pass.name): \(output)")
            Self.expectHidden(Self.hidden([pass]), in: worker.process.output)
            worker.process.signal(SIGTERM)
            #expect(try await worker.process.exit() == 0, "\(pass.name): \(worker.process.output)")
        }
    }

    @Test("a worker connects by itself as soon as the broker takes what it shows")
    func mended() async throws {
        let broker = try await Broker("authorization { users: [{ user: flow, password: \"new\" }] }")
        let worker = try await Worker(
            broker, "late", arguments: ["--user", "flow"], environment: ["FLOWCORE_WORKER_PASSWORD": "old"],
            waits: false)
        try await worker.process.prints("broker error")
        try await broker.kill()
        try await broker.start(with: "authorization { users: [{ user: flow, password: \"old\" }] }")
        try await worker.process.prints("worker late connected")
    }

    @Test("what holds no credentials is refused, and not told")
    func malformed() async throws {
        let text = try Realm().credentials()
        let seed = text.split(separator: "\n").first { $0.hasPrefix("SU") }.map { String($0) } ?? ""
        // Its checksum does not fit any more.
        let broken = seed.dropLast() + (seed.hasSuffix("A") ? "Q" : "A")
        let file = text.replacing(seed, with: broken)
        let key = KeyPair(.user).name
        var options = TestServer.Options()
        options.secrets = Secrets(["seed": String(broken), "file": file, "none": "no credentials"])
        try await TestServer.with(options) { server in
            for credentials in ["file", "none", ["nkey": .string(key), "seed": ["secret": "seed"]]] as [JSONValue] {
                let refused = try await server.client.registerCluster([
                    "servers": ["nats://127.0.0.1:4222"], "credentials": credentials,
                ])
                #expect(refused.status == 422 && refused.places == ["/config/credentials"], "\(refused.text)")
                #expect(!refused.text.contains(broken) && !refused.text.contains("no credentials\""))
            }
        }
        let path = try TestSupport.file("user.creds", file, in: try madeDirectory())
        for (arguments, environment) in [
            (["--credentials", path], [:]), (["--nkey", key], ["FLOWCORE_WORKER_SEED": String(broken)]),
        ] as [([String], [String: String])] {
            let result = try await flowcore(
                ["worker", "--nats", "nats://127.0.0.1:4222"] + arguments, environment: environment)
            #expect(result.code == 78, "\(result.error)")
            #expect(!(result.output + result.error).contains(broken), "\(result.error)")
        }
    }
}
