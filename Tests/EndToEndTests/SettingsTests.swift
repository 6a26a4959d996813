import FlowJSON
import Foundation
import TestSupport
import Testing

/// Every key of the settings: where it may come from, what it does not take, and what it does.
@Suite("settings", .timeLimit(.minutes(2)))
struct SettingsTests {
    @Test("an option wins over a variable, which wins over the file, which wins over the default")
    func precedence() async throws {
        let folder = try madeDirectory()
        let settings = try file(
            "settings.yaml", "server:\n  host: 127.0.0.4\ndata:\n  directory: \(folder)/file\n", in: folder)
        let variables = ["FLOWCORE_SERVER_HOST": "127.0.0.3", "FLOWCORE_DATA_DIRECTORY": folder + "/variable"]
        let config = ["--config", settings]
        for (arguments, environment, host, directory) in [
            (config + ["--host", "127.0.0.2", "--data", folder + "/option"], variables, "127.0.0.2", "option"),
            (config + ["--host", "127.0.0.2"], variables, "127.0.0.2", "variable"),
            (config, variables, "127.0.0.3", "variable"), (config, [:], "127.0.0.4", "file"),
            (["--data", folder + "/option"], [:], "127.0.0.1", "option"),
        ] {
            for name in ["option", "variable", "file"] {
                try? FileManager.default.removeItem(atPath: folder + "/\(name)")
            }
            let server = try await ServerProcess(data: nil, arguments: arguments, environment: environment)
            #expect(server.firstLine == "listening on http://\(host):\(server.port)")
            for name in ["option", "variable", "file"] {
                let isThere = FileManager.default.fileExists(atPath: folder + "/\(name)/flowcore.db")
                #expect(isThere == (name == directory), "\(name), not \(directory)")
            }
            #expect(try await server.stop() == 0)
        }
    }

    /// A value that each key does not take.
    static let unacceptable: [(key: String, value: String)] = [
        ("server.host", ""), ("server.port", "65536"), ("server.loops", "0"), ("server.max_connections", "0"),
        ("server.max_body_bytes", "1023"), ("server.header_timeout", "soon"), ("server.body_timeout", "0s"),
        ("server.idle_timeout", "-1s"), ("server.send_timeout", "1 s"), ("server.shutdown_grace", "never"),
        ("server.max_listeners", "-1"), ("server.heartbeat", "0"), ("server.access_log", "some"),
        ("tls.certificate", "only-one-of-the-two.pem"), ("auth.allow_anonymous", "maybe"), ("data.directory", ""),
        ("runs.max_active", "0"), ("runs.max_parallel", "1.5"), ("runs.default_timeout", "long"),
        ("retry.max_attempts", "0"), ("retry.initial_delay", "soon"), ("retry.backoff", "linear"),
        ("retry.multiplier", "0.5"), ("retry.max_delay", "0s"), ("retry.jitter", "2"),
        ("runs.default_node_timeout", "0s"), ("runs.max_wait", "x"), ("runs.finished_in_memory_bytes", "-1"),
        ("runs.volatile_bytes", "1MB"), ("retention.max_age", "old"), ("retention.max_count", "0"),
        ("limits.max_nodes", "0"), ("limits.max_depth", "7"), ("limits.max_payload_bytes", "1023"),
        ("limits.max_run_bytes", "1023"), ("limits.max_definitions", "-1"), ("limits.max_definition_versions", "0"),
        ("limits.max_definition_bytes", "1023"),
        ("outbound.allow_private", "perhaps"), ("secrets.directory", "/nowhere/secrets"),
        ("backends.directory", "/nowhere/backends"), ("backends.allow_python", "si"),
        ("backends.max_conformance_runs", "0"), ("hooks.max_parallel", "0"),
        ("hooks.timeout", "0s"), ("hooks.max_age", "old"), ("hooks.source", "two words"),
        ("logging.level", "loud"), ("logging.format", "xml"),
    ]

    /// The keys that a file of settings has, each with the name of its section.
    static func keys(of yaml: String) -> [String] {
        var section = ""
        return yaml.split(separator: "\n").compactMap { line in
            guard !line.contains("#"), let colon = line.firstIndex(of: ":") else { return nil }
            guard line.hasPrefix("  ") else {
                section = String(line[..<colon])
                return nil
            }
            return section + "." + line[..<colon].drop { $0 == " " }
        }
    }

    /// Keys and values as a file of settings.
    static func yaml(_ values: [(key: String, value: String)]) -> String {
        var sections: [String: String] = [:]
        for (key, value) in values {
            let parts = key.split(separator: ".")
            sections[String(parts[0]), default: ""] += "  \(parts[1]): \(value.isEmpty ? "\"\"" : value)\n"
        }
        return sections.map { "\($0.key):\n\($0.value)" }.sorted().joined()
    }

    @Test("a value that a key does not take is refused by name, all of them at once, from the file as from variables")
    func refusals() async throws {
        let sample = try text(of: CommandTests.examples + "/../flowcore.yaml")
        let tested = Self.unacceptable.map(\.key) + ["tls.key", "auth.api_keys", "retry.retry_on"]
        #expect(Set(Self.keys(of: sample)) == Set(tested) && !tested.isEmpty)
        let folder = try madeDirectory()
        let settings = try file("settings.yaml", Self.yaml(Self.unacceptable), in: folder)
        var variables: [String: String] = [:]
        for (key, value) in Self.unacceptable {
            variables["FLOWCORE_" + key.uppercased().replacing(".", with: "_")] = value
        }
        for (source, result) in [
            ("file", try await flowcore(["serve", "--config", settings])),
            ("variables", try await flowcore(["serve"], environment: variables)),
        ] {
            #expect(result.code == 78 && result.output.isEmpty, "\(source): \(result.code) \(result.output)")
            for (key, value) in Self.unacceptable
            where !["tls", "secrets", "backends"].contains(key.prefix { $0 != "." }) {
                // An empty variable is none.
                if source == "variables", value.isEmpty { continue }
                #expect(result.error.contains("\(key): expected"), "\(source): \(result.error)")
            }
            #expect(result.error.contains("tls.certificate and tls.key are needed together"), "\(source)")
            #expect(result.error.contains("secrets.directory: /nowhere/secrets cannot be read"), "\(source)")
            #expect(result.error.contains("backends.directory: /nowhere/backends cannot be read"), "\(source)")
        }
    }

    @Test("a misspelt name is refused with the nearest that there is, in the file as among variables")
    func misspelt() async throws {
        let folder = try madeDirectory()
        let settings = try file("settings.yaml", "server:\n  prot: 1\nlimit:\n  max_nodes: 3\n", in: folder)
        let variables = ["FLOWCORE_SERVER_PROT": "1", "FLOWCORE_MAX_NODES": "3", "FLOWCORE_PORT": "8081"]
        let result = try await flowcore(["serve", "--config", settings], environment: variables)
        #expect(result.code == 78 && result.output.isEmpty)
        for complaint in [
            "server.prot: unknown key in \(settings); the nearest is server.port",
            "limit.max_nodes: unknown key in \(settings); the nearest is limits.max_nodes",
            "FLOWCORE_SERVER_PROT: unknown variable; the nearest is FLOWCORE_SERVER_PORT",
            "FLOWCORE_MAX_NODES: unknown variable; the nearest is FLOWCORE_LIMITS_MAX_NODES",
            "FLOWCORE_PORT: unknown variable; the nearest is FLOWCORE_SERVER_PORT",
        ] {
            #expect(result.error.contains(complaint), "\(result.error)")
        }
    }

    @Test("variables of other commands, and those that a cluster sets for a service of this name, are no settings")
    func otherVariables() async throws {
        let server = try await ServerProcess(
            data: temporaryDirectory(),
            environment: [
                "FLOWCORE_API_KEY": "x", "FLOWCORE_SERVICE_HOST": "10.0.0.1", "FLOWCORE_SERVICE_PORT": "8080",
                "FLOWCORE_SERVICE_PORT_HTTP": "8080", "FLOWCORE_PORT": "tcp://10.0.0.1:8080",
                "FLOWCORE_PORT_8080_TCP": "tcp://10.0.0.1:8080", "FLOWCORE_PORT_8080_TCP_ADDR": "10.0.0.1",
                "FLOWCORELIKE": "x",
            ])
        #expect(try await server.stop() == 0)
    }

    @Test("runs beyond what the settings keep are removed", arguments: [("max_count: 1", 1), ("max_age: 1ms", 0)])
    func retention(setting: String, kept: Int) async throws {
        let folder = try madeDirectory()
        let first = try await ServerProcess(data: folder + "/db")
        var last: String?
        for _ in 0..<3 { last = try await first.client.run(workflow([node("a")])).json["workflow_id"]?.string }
        #expect(try await first.client.send("GET", "/workflows").json["workflows"]?.array?.count == 3)
        #expect(try await first.stop() == 0)
        let settings = try file("settings.yaml", "retention:\n  \(setting)\n", in: folder)
        let second = try await ServerProcess(data: folder + "/db", arguments: ["--config", settings])
        var runs: [JSONValue] = []
        repeat {
            runs = try await second.client.send("GET", "/workflows").json["workflows"]?.array ?? []
        } while runs.count > kept
        #expect(runs.count == kept && (kept == 0 || runs[0]["workflow_id"]?.string == last))
        #expect(try await second.stop() == 0)
    }
}
