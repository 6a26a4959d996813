import BackendTestSuite
import FlowBackends
import FlowCore
import FlowEngine
import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("the backends that ship pass the suite whole", .timeLimit(.minutes(2)), .serialized)
struct ShippedBackendTests {
    /// Judges a backend to its end, with no failure, and within what a suite may take.
    private func judge(_ name: String, _ suite: BackendTestSuite, skipped: Int) async throws {
        let start = ContinuousClock.now
        var runner = ConformanceRunner(suite)
        // A starved machine does not meet the time of a suite, of which the program is told by its own.
        runner.caseTime = .seconds(60)
        runner.wholeTime = .seconds(110)
        runner.slack = .seconds(30)
        let report = try await runner.report()
        let text = report.text(name: name)
        #expect(report.hasPassed && report.level == .l3, "\(text)")
        #expect(report.count(.skipped) == skipped, "\(text)")
        print(
            "\(name): \(ContinuousClock.now - start), \(report.count(.passed)) passed, \(report.count(.skipped)) skipped"
        )
    }

    @Test("the reference, of which no case but one for those that do not stream is skipped")
    func reference() async throws {
        try await ReferenceBackend.with { backend in
            try await judge("reference", BackendTestSuite(backend, samples: ReferenceBackend.samples), skipped: 2)
        }
    }

    @Test(
        "native and those that wrap it",
        arguments: [
            ("native", nil), ("logging", ["backend": "native"]), ("resilient", ["backend": "native"]),
            ("fallback", ["backends": ["native"]]), ("metered", ["backend": "native"]),
        ] as [(String, JSONObject?)])
    func wrappers(_ type: String, _ config: JSONObject?) async throws {
        try await TestServer.with { server in
            if let config {
                _ = try await server.service.registry.register(
                    BackendRegistration(name: BackendName(type), type: type, config: config), replace: false)
            }
            let backend = try #require(server.service.registry.backend(BackendName(type)))
            try await judge(type, BackendTestSuite(backend.backend), skipped: 10)
        }
    }

    @Test("native of a server that may not call this machine, whose calls are skipped")
    func withoutCalls() async throws {
        var options = TestServer.Options()
        options.allowsPrivateCalls = false
        try await TestServer.with(options) { server in
            let backend = try #require(server.service.registry.backend(.native))
            let only = try #require(BackendTestSuite.cases.first { $0.id == "L1.node.once" })
            let report = try await ConformanceRunner(BackendTestSuite(backend.backend), cases: [only]).report()
            #expect(report.results.first?.outcome == .skipped)
            #expect(report.results.first?.detail.contains("outbound.allow_private") == true)
            try await judge("native without calls", BackendTestSuite(backend.backend), skipped: 22)
        }
    }

    @Test("wrappers over wrappers")
    func nested() async throws {
        try await TestServer.with { server in
            let registry = server.service.registry
            for (name, type, config) in [
                ("inner", "logging", ["backend": "native"]), ("middle", "resilient", ["backend": "inner"]),
                ("outer", "fallback", ["backends": ["middle", "native"]]),
            ] as [(BackendName, String, JSONObject)] {
                _ = try await registry.register(
                    BackendRegistration(name: name, type: type, config: config), replace: false)
            }
            let backend = try #require(registry.backend("outer"))
            try await judge("fallback of resilient of logging", BackendTestSuite(backend.backend), skipped: 10)
        }
    }

    @Test("another server, by its URL, and through one that has it registered")
    func federated() async throws {
        try await TestServer.with { far in
            let url = "http://127.0.0.1:\(far.client.port)/backends/native"
            try await judge("another server", BackendTestSuite(url: url), skipped: 10)
            try await TestServer.with { near in
                let registered = try await near.service.registry.register(
                    BackendRegistration(name: "far", type: "remote", config: ["url": .string(url)]), replace: false)
                try await judge("remote", BackendTestSuite(registered.backend), skipped: 10)
                let through = "http://127.0.0.1:\(near.client.port)/backends/far"
                try await judge("a server behind a server", BackendTestSuite(url: through), skipped: 10)
            }
        }
    }

    @Test(
        "the documented backends in other languages",
        // Neither calls anybody, without which most of what nodes do cannot be seen.
        arguments: [("python3", "backend.py", 32), ("node", "backend.mjs", 27)])
    func documented(_ language: String, _ file: String, _ skipped: Int) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/examples/\(file)").path()
        try await ScriptProcess.with([language, script, "0"]) { line in
            let port = try #require(line.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) })
            try await judge(language, BackendTestSuite(url: "http://127.0.0.1:\(port)"), skipped: skipped)
        }
    }
}
