import FlowCore
import FlowJSON
import FlowNATS
import FlowTesting
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("workers whose clock is not set", .timeLimit(.minutes(2)))
struct ClockTests {
    /// By how many hours it is off.
    static let offsets = [5, -7]

    /// What has a program's wall clock be off.
    private static func environment(_ hours: Int, _ broker: Broker) async throws -> [String: String] {
        let source = URL(filePath: #filePath).deletingLastPathComponent().path() + "/Clock/wrongclock.c"
        let library = broker.directory + "/wrongclock.so"
        let built = try await command("clang", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"])
        try #require(built.code == 0, "\(built.error)")
        return ["LD_PRELOAD": library, "WRONG_CLOCK": "\(hours * 3600)"]
    }

    /// Calls `body` with a server whose one worker has another clock, and with what starts more of those.
    private static func with(
        _ hours: Int, _ more: JSONObject = [:],
        _ body:
            @Sendable (TestServer, Broker, Worker, _ another: @Sendable (String) async throws -> Worker) async throws
            -> Void
    ) async throws {
        try await withCluster(workers: 0, more) { server, broker, _ in
            let environment = try await environment(hours, broker)
            let worker = try await Worker(broker, "first", environment: environment)
            try await server.client.workers(1)
            try await body(server, broker, worker) { try await Worker(broker, $0, environment: environment) }
        }
    }

    @Test("it is off for the worker, and nothing that is told of it goes by it but its own start", arguments: offsets)
    func listing(_ hours: Int) async throws {
        try await Self.with(hours) { server, _, worker, _ in
            let entry = try await server.client.send("GET", "/backends/cluster/workers").json["workers"]?.array?.first
            func hoursOff(_ field: String) throws -> Double {
                let time = try #require(entry?[field]?.string.flatMap { Timestamp($0) })
                return SystemClock().now.duration(to: time) / .seconds(3600)
            }
            #expect(abs(try hoursOff("started_at") - Double(hours)) < 1)
            #expect(abs(try hoursOff("seen_at")) < 1)
            #expect(entry?["status"] == "live")
            try await worker.kill()
            try await until {
                let workers = try await server.client.send("GET", "/backends/cluster/workers").json["workers"]
                return workers?.array?.first?["status"] == "stale"
            }
        }
    }

    @Test("nodes and runs with a timeout are executed, and end when it is up", arguments: offsets)
    func timeouts(_ hours: Int) async throws {
        try await Effects.with { effects in
            try await Self.with(hours) { server, _, _, _ in
                let nodes = [
                    effects.node("call", more: ["timeout": "1h"]),
                    node("pause", "delay", ["duration": "10ms"], more: ["timeout": "1h"]),
                ]
                let run = try await server.client.finished(
                    try await server.client.submit(nodes, ["timeout": "2h"]))
                #expect(run.json["status"] == "completed", "\(run.text)")
                #expect(run.json["nodes"]?["pause"]?["attempt"] == 1, "\(run.text)")
                let slow = node("slow", "delay", ["duration": "1h"], more: ["timeout": "300ms"])
                let late = try await server.client.finished(try await server.client.submit([slow]))
                #expect(late.json["nodes"]?["slow"]?["error"]?["code"] == "timeout", "\(late.text)")
                try await until { try await server.client.busy(0) }
            }
        }
    }

    @Test("a node is tried again by its policy", arguments: offsets)
    func retries(_ hours: Int) async throws {
        try await Self.with(hours) { server, _, _, _ in
            let failing = node(
                "a", "fail", ["message": "no"],
                more: [
                    "timeout": "1h", "total_timeout": "2h",
                    "retry": ["max_attempts": 3, "initial_delay": "1ms", "retry_on": ["failed"]],
                ])
            let run = try await server.client.finished(try await server.client.submit([failing]))
            #expect(run.json["nodes"]?["a"]?["attempt"] == 3, "\(run.text)")
            #expect(run.json["nodes"]?["a"]?["error"]?["message"] == "no", "\(run.text)")
        }
    }

    @Test("what it works on stays its own as long as it lives, and is another one's after that", arguments: offsets)
    func leases(_ hours: Int) async throws {
        let gate = Gate()
        try await Effects.with(gate: gate) { effects in
            try await Self.with(hours, ["heartbeat": "200ms"]) { server, broker, first, another in
                let signs = Mutex(0)
                let connection = try await broker.connection()
                defer { connection.close() }
                connection.listen("$JS.ACK.WF_TASKS.>") { message in
                    if message.payload == Array("+WPI".utf8) { signs.withLock { $0 += 1 } }
                }
                let id = try await server.client.submit([effects.node("a", more: ["timeout": "1h"])])
                // Many times the lease, with another one there who would take it.
                let second = try await another("second")
                try await until { signs.withLock { $0 } >= 10 }
                #expect(effects.server.requests.count == 1)
                let isFirst = try await server.client.send("GET", "/backends/cluster/workers").json["workers"]?.array?
                    .contains { $0["worker"] == "first" && $0["busy"] == 1 }
                let (holder, other) = isFirst == true ? (first, second) : (second, first)
                try await holder.kill()
                try await until { effects.server.requests.count == 2 }
                gate.open()
                let run = try await server.client.finished(id)
                #expect(run.json["status"] == "completed", "\(run.text)")
                #expect(run.json["nodes"]?["a"]?["metadata"]?["worker"]?.string == other.id, "\(run.text)")
                #expect(run.json["nodes"]?["a"]?["attempt"] == 1, "\(run.text)")
            }
        }
    }
}
