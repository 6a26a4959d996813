import FlowJSON
import FlowTesting
import Synchronization
import TestSupport
import Testing

/// Backends that are registered anew in the middle of an attempt: its receipt names those who executed it.
@Suite("receipts of attempts during which a backend is replaced", .timeLimit(.minutes(1)))
struct ReplacedBackendTests {
    private static func remote(_ service: FakeRemoteService) -> JSONValue {
        ["type": "remote", "config": ["url": .string(service.url)]]
    }

    private static func executions(_ service: FakeRemoteService) -> Int {
        service.requests.count { $0.hasPrefix("POST /nodes/execute") }
    }

    /// Two services of which the first one has no room for the first nodes.
    private static func with(
        refusals: Int = 1,
        _ body: (TestServer, ManualClock, _ first: FakeRemoteService, _ second: FakeRemoteService) async throws -> Void
    ) async throws {
        let refused = Mutex(0)
        let script: @Sendable (String) -> FakeRemoteService.Reply? = { line in
            guard line == "POST /nodes/execute" else { return nil }
            return refused.withLock { refused in
                refused += 1
                return refused <= refusals ? .answer(503, type: "text/plain", "full") : nil
            }
        }
        let clock = ManualClock()
        var options = TestServer.Options()
        options.clock = clock
        try await FakeRemoteService.with(script) { first in
            try await FakeRemoteService.with({ _ in nil }) { second in
                try await TestServer.with(options) { try await body($0, clock, first, second) }
            }
        }
    }

    @Test(
        "between two tries, under wrappers of any kind, the attempt goes on with what it began with",
        arguments: ["firm", "counted", "logged", "either", "audited", "firmer"])
    func betweenTries(_ name: String) async throws {
        try await Self.with { server, clock, first, second in
            let client = server.client
            let retry: JSONValue = ["max_attempts": 3, "initial_delay": "1s", "jitter": 0]
            let bodies: [(String, JSONValue)] = [
                ("far", Self.remote(first)),
                ("firm", ["type": "resilient", "config": ["backend": "far", "retry": retry]]),
                ("counted", ["type": "metered", "config": ["backend": "firm"]]),
                ("logged", ["type": "logging", "config": ["backend": "firm", "log_level": "critical"]]),
                ("either", ["type": "fallback", "config": ["backends": ["firm", "native"]]]),
                ("audited", ["type": "logging", "config": ["backend": "either", "log_level": "critical"]]),
                ("inner", ["type": "metered", "config": ["backend": "far"]]),
                ("firmer", ["type": "resilient", "config": ["backend": "inner", "retry": retry]]),
            ]
            for (name, body) in bodies {
                let made = try await client.send("PUT", "/backends/\(name)", body)
                try #require(made.status == 201, "\(made.text)")
            }
            func hash(_ service: FakeRemoteService) -> String { ReceiptTests.hash("{\"url\":\"\(service.url)\"}") }
            func tries() -> Int { Self.executions(first) + Self.executions(second) }
            let body: JSONValue = ["workflow": workflow([node("a", "x")]), "backend": .string(name)]
            let id = ReceiptTests.id(try await client.send("POST", "/workflows", body))
            while tries() < 1 { _ = try await client.send("GET", "/livez") }
            let replaced = try await client.send("PUT", "/backends/far", Self.remote(second))
            try #require(replaced.status == 200, "\(replaced.text)")
            while tries() < 2 {
                clock.advance(by: .seconds(1))
                _ = try await client.send("GET", "/livez")
            }
            let run = try await client.send("GET", "/workflows/\(id)?wait=20s")
            #expect(run.json["status"] == "completed", "\(run.text)")
            let receipts = try await ReceiptTests.receipts(client, id)["receipts"]?.array ?? []
            try #require(receipts.count == 1)
            #expect(receipts[0]["executor"]?["backend"] == "far")
            #expect(Self.executions(first) == 2 && Self.executions(second) == 0)
            #expect(receipts[0]["executor"]?["config_hash"]?.string == hash(first), "\(receipts)")

            let next = try await client.run(workflow([node("a", "x")]), ["backend": .string(name)])
            #expect(next.json["status"] == "completed", "\(next.text)")
            let receipt = try await ReceiptTests.receipts(client, ReceiptTests.id(next))["receipts"]?[0]
            #expect(Self.executions(first) == 2 && Self.executions(second) == 1)
            #expect(receipt?["executor"]?["config_hash"]?.string == hash(second), "\(receipt ?? .null)")
        }
    }
    @Test("of a list, the backend that a node is handed on to is the one that was there when the attempt began")
    func handedOn() async throws {
        try await Self.with(refusals: 2) { server, clock, first, second in
            try await FakeRemoteService.with({ _ in nil }) { third in
                let client = server.client
                let retry: JSONValue = ["max_attempts": 2, "initial_delay": "1s", "jitter": 0]
                let bodies: [(String, JSONValue)] = [
                    ("far", Self.remote(first)), ("near", Self.remote(second)),
                    ("firm", ["type": "resilient", "config": ["backend": "far", "retry": retry]]),
                    ("either", ["type": "fallback", "config": ["backends": ["firm", "near"]]]),
                ]
                for (name, body) in bodies {
                    let made = try await client.send("PUT", "/backends/\(name)", body)
                    try #require(made.status == 201, "\(made.text)")
                }
                let body: JSONValue = ["workflow": workflow([node("a", "x")]), "backend": "either"]
                let id = ReceiptTests.id(try await client.send("POST", "/workflows", body))
                while Self.executions(first) < 1 { _ = try await client.send("GET", "/livez") }
                #expect(try await client.send("PUT", "/backends/near", Self.remote(third)).status == 200)
                while Self.executions(second) + Self.executions(third) < 1 {
                    clock.advance(by: .seconds(1))
                    _ = try await client.send("GET", "/livez")
                }
                let run = try await client.send("GET", "/workflows/\(id)?wait=20s")
                #expect(run.json["status"] == "completed", "\(run.text)")
                #expect(Self.executions(second) == 1 && Self.executions(third) == 0)
                let receipt = try await ReceiptTests.receipts(client, id)["receipts"]?[0]
                let hash = ReceiptTests.hash("{\"url\":\"\(second.url)\"}")
                #expect(receipt?["executor"]?["config_hash"]?.string == hash, "\(receipt ?? .null)")
                #expect(receipt?["switches"] == [["from": "firm", "to": "near"]], "\(receipt ?? .null)")
            }
        }
    }
}
