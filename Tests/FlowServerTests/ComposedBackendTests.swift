import FlowCore
import FlowJSON
import FlowTesting
import Foundation
import Synchronization
import TestSupport
import Testing

/// Backends that wrap others, registered and used over HTTP.
@Suite("composed backends", .timeLimit(.minutes(2)))
struct ComposedBackendTests {
    /// Registers a backend, and checks the status.
    @discardableResult
    static func put(
        _ client: TestClient, _ name: String, _ type: String, _ config: JSONObject, status: Int = 201
    ) async throws -> TestResponse {
        let response = try await client.send(
            "PUT", "/backends/\(name)", ["type": .string(type), "config": .object(config)])
        #expect(response.status == status, "\(name): \(response.text)")
        return response
    }

    private static func config(_ type: String, over name: String) -> JSONObject {
        switch type {
        case "fallback": ["backends": [.string(name)]]
        case "logging": ["backend": .string(name), "log_level": "critical"]
        case "resilient": ["backend": .string(name), "max_concurrent": 4]
        default: ["backend": .string(name)]
        }
    }

    private static let types = ["logging", "resilient", "fallback", "metered"]

    /// All orders of the types.
    private static func orders(of types: [String] = types) -> [[String]] {
        guard types.count > 1 else { return [types] }
        return types.flatMap { first in orders(of: types.filter { $0 != first }).map { [first] + $0 } }
    }

    @Test("the types are listed with their schemas")
    func list() async throws {
        try await TestServer.with { server in
            let types = try await server.client.send("GET", "/backends").json["types"]?.array ?? []
            #expect(
                Set(types.compactMap { $0["type"]?.string })
                    == Set(Self.types + ["distributed", "langchain", "remote"]))
            #expect(types.allSatisfy { $0["config_schema"]?["additionalProperties"] == false })
        }
    }

    @Test("they wrap each other in every order: nodes run, are counted, and tell who ran them")
    func orders() async throws {
        try await TestServer.with { server in
            let client = server.client
            let native = try await client.send("GET", "/backends/native").json
            for (number, order) in Self.orders().enumerated() {
                var inner = "native"
                var below: [String: String] = [:]
                for type in order {
                    let name = "\(type)-\(number)"
                    try await Self.put(client, name, type, Self.config(type, over: inner))
                    below[type] = inner
                    inner = name
                }
                let run = try await client.run(
                    workflow([node("a"), node("b", "delay", ["duration": "1ms"]), node("c")]),
                    ["backend": .string(inner)]
                ).json
                #expect(run["status"] == "completed", "\(order): \(run)")
                for id in ["a", "b", "c"] {
                    let node = run["nodes"]?[id]
                    #expect(
                        node?["backend"]?.string == inner && node?["metadata"]?["backend"]?.string == below["fallback"])
                }
                let backend = try await client.send("GET", "/backends/\(inner)").json
                for field in ["capabilities", "node_types"] { #expect(backend[field] == native[field]) }
                #expect(backend["contract"]?["retry_owner"] == "backend")
                let health = try await client.send("GET", "/backends/\(inner)/health")
                #expect(health.status == 200 && health.text.contains("\"circuit\":\"closed\""), "\(health.text)")
                let metrics = try await client.send("GET", "/metrics").text
                for (type, count) in [("passthrough", 2), ("delay", 1)] {
                    let labels = "backend=\"metered-\(number)\",type=\"\(type)\""
                    #expect(metrics.contains("flowcore_backend_nodes_total{\(labels),outcome=\"success\"} \(count)\n"))
                    #expect(metrics.contains("flowcore_backend_node_duration_seconds_count{\(labels)} \(count)\n"))
                    #expect(
                        metrics.contains(
                            "flowcore_backend_node_duration_seconds_bucket{\(labels),le=\"+Inf\"} \(count)\n"))
                }
            }
        }
    }

    @Test("whatever a configuration has wrong is told, each with its place")
    func refusals() async throws {
        let cases: [(String, JSONObject, [String])] = [
            (
                "resilient", ["odd": 1, "retry": ["max_attempts": 0, "retry_on": []], "max_concurrent": "2"],
                ["/config/max_concurrent", "/config/odd", "/config/retry/max_attempts", "/config/retry/retry_on"]
            ),
            (
                "resilient", ["circuit_breaker": ["open_for": 0, "failure_threshold": 1.5, "half_open_probes": 0]],
                [
                    "/config/circuit_breaker/failure_threshold", "/config/circuit_breaker/half_open_probes",
                    "/config/circuit_breaker/open_for",
                ]
            ),
            ("resilient", ["max_queue": 3], ["/config/max_queue"]),
            ("resilient", ["retry": 3, "circuit_breaker": true], ["/config/circuit_breaker", "/config/retry"]),
            ("fallback", [:], ["/config"]), ("fallback", ["backends": []], ["/config/backends"]),
            ("fallback", ["backends": ["native", "native"]], ["/config/backends/1"]),
            ("fallback", ["backends": ["native", "a b", 3]], ["/config/backends/1", "/config/backends/2"]),
            ("metered", ["log_level": "info"], ["/config/log_level"]),
        ]
        try await TestServer.with { server in
            for (type, config, places) in cases {
                let response = try await Self.put(server.client, "x", type, config, status: 422)
                #expect(response.places.sorted() == places, "\(config): \(response.text)")
            }
        }
    }

    @Test("each node goes to the next backend by itself, those that have completed are not run again")
    func fallback() async throws {
        let first = ScriptedBackend(name: "first") { request in
            if request.node.id == "b" { throw BackendError(.unavailable, backend: "first", "down") }
            return .success(output: .string(request.node.id.rawValue))
        }
        let native = ScriptedBackend { _ in .success(output: "native") }
        var options = TestServer.Options()
        options.backends = [first, native]
        try await TestServer.with(options) { server in
            try await Self.put(server.client, "f", "fallback", ["backends": ["first", "native"]])
            let run = try await server.client.run(
                workflow([node("a"), node("b"), node("c")]), ["backend": "f"]
            ).json
            #expect(run["status"] == "completed", "\(run)")
            for (id, metadata) in [
                ("a", ["backend": "first"]), ("b", ["backend": "native", "fallback_from": ["first"]]),
                ("c", ["backend": "first"]),
            ] as [(String, JSONValue)] {
                #expect(run["nodes"]?[id]?["metadata"] == metadata && run["nodes"]?[id]?["backend"] == "f")
                #expect(run["nodes"]?[id]?["attempts"]?.array?.count ?? 1 == 1)
            }
            #expect(first.executed.map { $0.split(separator: "/")[1] } == ["a", "b", "c"])
            #expect(native.executed.map { $0.split(separator: "/")[1] } == ["b"])
        }
    }

    @Test("a type that the first backend has not goes to one that has it, and one that none has is refused")
    func types() async throws {
        try await TestServer.with { server in
            let client = server.client
            try await Self.put(client, "f", "fallback", ["backends": ["native"]])
            let refused = try await client.send(
                "POST", "/workflows", ["workflow": workflow([node("a", "odd")]), "backend": "f"])
            #expect(refused.status == 422 && refused.places == ["/workflow/nodes/0/type"], "\(refused.text)")
            #expect(refused.details.contains("native: the backend \"native\" has no node type \"odd\""))
            // The template has no value before the run, which is nothing against the backend.
            let templated = node("a", "delay", ["duration": "${input.wait}"])
            let run = try await client.run(workflow([templated]), input: ["wait": "1ms"], ["backend": "f"]).json
            #expect(run["status"] == "completed", "\(run)")
        }
    }

    @Test("a circuit that opened is seen in the backend's health until a probe has succeeded")
    func circuit() async throws {
        let clock = ManualClock()
        let calls = Atomic(0)
        var options = TestServer.Options()
        options.clock = clock
        options.backends = [
            ScriptedBackend { _ in
                if calls.add(1, ordering: .relaxed).newValue == 1 {
                    throw BackendError(.unavailable, backend: "native", "down")
                }
                return .success(output: 1)
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.put(
                client, "r", "resilient",
                ["retry": .null, "circuit_breaker": ["failure_threshold": 1, "open_for": "30s"]])
            try await Self.put(client, "f", "fallback", ["backends": ["r"]])
            let id =
                try await client.send("POST", "/workflows", ["workflow": workflow([node("a")]), "backend": "r"])
                .json["workflow_id"]?.string ?? ""
            // The run waits for its next attempt.
            await clock.sleepers(1)
            var health = try await client.send("GET", "/backends/r/health")
            #expect(health.status == 503 && health.json["healthy"] == false, "\(health.text)")
            #expect(health.json["details"]?["circuit"] == "open")
            #expect(health.json["reason"]?.string?.contains("open until 2023-") == true)
            let list = try await client.send("GET", "/backends/f/health")
            #expect(list.status == 503 && list.json["details"]?["backends"]?.array?.first?["name"] == "r")
            clock.advance(by: .seconds(30))
            let run = try await client.send("GET", "/workflows/\(id)?wait=20s").json
            #expect(run["status"] == "completed" && run["nodes"]?["a"]?["attempt"] == 2, "\(run)")
            health = try await client.send("GET", "/backends/r/health")
            #expect(health.status == 200 && health.json["details"]?["circuit"] == "closed")
        }
    }

    @Test("what is wrapped is replaced while runs go on, which use the new one from their next node on")
    func replaced() async throws {
        let gate = Gate()
        let other = ScriptedBackend(name: "other") { _ in .success(output: "other") }
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                if request.node.id == "a" { guard await gate.pass() else { throw CancellationError() } }
                return .success(output: "native")
            }, other,
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.put(client, "x", "resilient", ["backend": "native", "max_concurrent": 1])
            try await Self.put(client, "f", "fallback", ["backends": ["x"]])
            try await Self.put(client, "top", "metered", ["backend": "f"])
            let id =
                try await client.send(
                    "POST", "/workflows", ["workflow": workflow([node("a"), node("b")]), "backend": "top"]
                ).json["workflow_id"]?.string ?? ""
            await gate.arrivals(1)
            try await Self.put(client, "x", "resilient", ["backend": "other"], status: 200)
            try await Self.put(client, "f", "logging", ["backend": "x", "log_level": "critical"], status: 200)
            gate.open()
            let run = try await client.send("GET", "/workflows/\(id)?wait=20s").json
            #expect(run["status"] == "completed", "\(run)")
            #expect(
                run["nodes"]?["a"]?["output_data"] == "native" && run["nodes"]?["b"]?["output_data"] == "other",
                "\(run)")
            #expect(run["nodes"]?["a"]?["metadata"]?["backend"] == "x")
        }
    }

    @Test("a wrapper tells what the new one can do when what it wraps is replaced, also through others")
    func refreshed() async throws {
        func scripted(_ name: BackendName, streaming: Bool) -> ScriptedBackend {
            ScriptedBackend(
                name: name,
                capabilities: BackendCapabilities(
                    streaming: streaming, parallel: true, async: true, distributed: false)
            ) { _ in .success(output: 1) }
        }
        var options = TestServer.Options()
        options.backends = [scripted("native", streaming: true), scripted("plain", streaming: false)]
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.put(client, "x", "metered", ["backend": "native"])
            try await Self.put(client, "f", "fallback", ["backends": ["native", "x"]])
            try await Self.put(client, "top", "resilient", ["backend": "f"])
            func streaming() async throws -> JSONValue? {
                try await client.send("GET", "/backends/top/capabilities").json["streaming"]
            }
            #expect(try await streaming() == true)
            try await Self.put(client, "x", "metered", ["backend": "plain"], status: 200)
            #expect(try await streaming() == false)
            let wish: JSONValue = ["workflow": workflow([node("a")]), "backend": "top", "requires": ["streaming"]]
            #expect(try await client.send("POST", "/workflows", wish).status == 422)
        }
    }

    @Test("nested registrations are there after a restart, in whatever order they came to wrap each other")
    func restart() async throws {
        let directory = temporaryDirectory()
        try await TestServer.with(directory: directory) { server in
            let client = server.client
            for name in ["top", "f", "r"] { try await Self.put(client, name, "metered", [:]) }
            try await Self.put(client, "r", "resilient", ["max_concurrent": 2], status: 200)
            try await Self.put(client, "f", "fallback", ["backends": ["r", "native"]], status: 200)
            try await Self.put(client, "top", "logging", ["backend": "f", "log_level": "critical"], status: 200)
        }
        try await TestServer.with(directory: directory) { server in
            let client = server.client
            #expect(try await client.send("GET", "/backends").json["backends"]?.array?.count == 4)
            #expect(try await client.send("GET", "/backends/r").json["config"] == ["max_concurrent": 2])
            let run = try await client.run(workflow([node("a")]), ["backend": "top"]).json
            #expect(run["nodes"]?["a"]?["metadata"] == ["backend": "r"], "\(run)")
            #expect(try await Self.put(client, "r", "metered", ["backend": "top"], status: 422).isProblem)
        }
    }

    @Test("only so many node types have metrics of their own, and every end is counted")
    func metrics() async throws {
        var options = TestServer.Options()
        options.backends = [
            ScriptedBackend { request in
                switch request.node.type {
                case "refused": throw BackendError(.unsupported, backend: "native", "no")
                case "bad": .failure(NodeFailure(.failed, "no"))
                default: .success(output: 1)
                }
            }
        ]
        try await TestServer.with(options) { server in
            let client = server.client
            try await Self.put(client, "m", "metered", [:])
            for type in ["refused", "bad"] {
                _ = try await client.run(workflow([node("a", type)]), ["backend": "m"])
            }
            let nodes = (0..<120).map { node("n\($0)", "type-\($0)") }
            #expect(try await client.run(workflow(nodes), ["backend": "m"]).json["status"] == "completed")
            let lines = try await client.send("GET", "/metrics").text.split(separator: "\n")
            func value(_ type: String, _ outcome: String) -> Substring? {
                let start = "flowcore_backend_nodes_total{backend=\"m\",type=\"\(type)\",outcome=\"\(outcome)\"} "
                return lines.first { $0.hasPrefix(start) }?.dropFirst(start.count)
            }
            #expect(value("refused", "backend_error") == "1" && value("bad", "failure") == "1")
            #expect(value("type-0", "success") == "1" && value("other", "success") == "22")
            let counts = lines.filter { $0.hasPrefix("flowcore_backend_node_duration_seconds_count") }
            #expect(counts.count == 101)
        }
    }

    @Test("the sample registrations of config/backends build on each other and run")
    func samples() async throws {
        let folder = URL(filePath: #filePath).appending(path: "../../../config/backends").standardized
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path())
            .filter { $0.hasSuffix(".json") }.sorted()
        #expect(files.count == 4)
        try await TestServer.with { server in
            var name: JSONValue = .null
            for file in files {
                let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
                let headers = ["Content-Type": "application/json"]
                let created = try await server.client.send("POST", "/backends", bytes: bytes, headers: headers)
                #expect(created.status == 201, "\(file): \(created.text)")
                name = created.json["name"] ?? .null
            }
            let run = try await server.client.run(workflow([node("a")]), ["backend": name]).json
            #expect(run["status"] == "completed" && run["nodes"]?["a"]?["metadata"]?["backend"] == "steady")
        }
    }
}
