import FlowCore
import FlowJSON
import FlowNATS
import Foundation
import Synchronization
import TestSupport
import Testing

/// A broker that a test starts: the real one, with a store of its own.
final class Broker: Sendable {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()
    private static let binary =
        ProcessInfo.processInfo.environment["NATS_SERVER"] ?? root + "/.build/venv-nats/bin/nats-server"
    /// The interpreter that has nats-py.
    static var python: String { URL(filePath: binary).deletingLastPathComponent().path() + "/python" }

    let port: Int
    let directory: String
    /// Where other brokers of a cluster reach it.
    let route: Int
    private let more: Mutex<String>
    private let process = Mutex<ToolProcess?>(nil)

    /// Starts a broker.
    ///
    /// - Parameter more: What else its configuration says.
    init(_ more: String = "") async throws {
        self.more = Mutex(more)
        directory = try madeDirectory()
        port = try freePort()
        route = try freePort()
        try await start()
    }

    private init(idle: Void) throws {
        more = Mutex("")
        directory = try madeDirectory()
        port = try freePort()
        route = try freePort()
    }

    /// Starts three brokers that keep everything three times.
    static func cluster() async throws -> [Broker] {
        let brokers = [try Broker(idle: ()), try Broker(idle: ()), try Broker(idle: ())]
        let routes = brokers.map { "nats://127.0.0.1:\($0.route)" }.joined(separator: ", ")
        for (index, broker) in brokers.enumerated() {
            broker.more.withLock {
                $0 = """
                    server_name: broker-\(index)
                    cluster { name: test, listen: "127.0.0.1:\(broker.route)", routes: [\(routes)] }
                    """
            }
            try await broker.start()
        }
        return brokers
    }

    var url: String { "nats://127.0.0.1:\(port)" }

    /// Starts it, or starts it again on the same store.
    func start() async throws {
        try #require(FileManager.default.isExecutableFile(atPath: Self.binary), "scripts/nats.sh makes what tests need")
        let more = more.withLock { $0 }
        let config = try file(
            "nats.conf", "listen: 127.0.0.1:\(port)\njetstream { store_dir: \"\(directory)/js\" }\n\(more)\n",
            in: directory)
        let log = directory + "/broker-\(UUID().uuidString).log"
        let started = try ToolProcess(Self.binary, ["-c", config], log: log)
        process.withLock { $0 = started }
        try await started.prints("Server is ready")
    }

    /// Starts it again with another configuration.
    func start(with more: String) async throws {
        self.more.withLock { $0 = more }
        try await start()
    }

    /// Ends it at once.
    func kill() async throws {
        let process = process.withLock { $0.take() }
        try await process?.terminate()
    }

    /// The deliveries of a node's task that a server has written down as begun.
    func begun(_ run: String, _ node: String) async throws -> [JSONValue] {
        let connection = try await connection()
        defer { connection.close() }
        let stored = try await JetStream(connection).last(on: "wf.begun.cluster.\(run).\(node).1", of: "WF_BEGUN")
        guard let stored else { return [] }
        return try JSONParser.parse(stored.payload)["acks"]?.array ?? []
    }

    /// A connection of the test's own.
    func connection(_ credentials: NATSOptions.Credentials = .none) async throws -> NATSConnection {
        let connection = NATSConnection(NATSOptions(servers: [url], name: "test", credentials: credentials)) { _ in }
        connection.start()
        try await until { connection.isConnected }
        return connection
    }
}

/// A worker that a test starts: the program itself.
final class Worker: Sendable {
    let id: String
    let process: ToolProcess

    init(
        _ broker: Broker, _ id: String = "w-" + UUID().uuidString, types: String? = nil, concurrency: Int = 16,
        arguments: [String] = [], environment: [String: String] = [:], waits: Bool = true, url: String? = nil
    ) async throws {
        self.id = id
        var words = ["worker", "--nats", url ?? broker.url, "--id", id, "--allow-private"]
        if let types { words += ["--types", types] }
        process = try ToolProcess(
            ServerProcess.binary, words + ["--concurrency", "\(concurrency)"] + arguments, environment: environment,
            log: broker.directory + "/worker-\(UUID().uuidString).log")
        if waits { try await process.prints("worker \(id) connected") }
    }

    func kill() async throws { try await process.terminate() }
}

/// A registration's configuration.
func clusterConfig(_ broker: Broker, _ more: JSONObject = [:]) -> JSONObject {
    var config: JSONObject = ["servers": [.string(broker.url)]]
    for member in more.members { config[member.name] = member.value }
    return config
}

extension TestClient {
    /// Registers a backend of type `distributed` under the name `cluster`.
    func registerCluster(_ config: JSONObject) async throws -> TestResponse {
        try await send("POST", "/backends", ["name": "cluster", "type": "distributed", "config": .object(config)])
    }

    /// Submits a workflow to the backend `cluster`.
    ///
    /// - Returns: the run's id.
    func submit(_ nodes: [JSONValue], input: JSONValue = [:], _ more: JSONObject = [:]) async throws -> String {
        var workflow: JSONObject = ["name": "test", "nodes": .array(nodes)]
        for member in more.members { workflow[member.name] = member.value }
        let submitted = try await send(
            "POST", "/workflows", ["workflow": .object(workflow), "input": input, "backend": "cluster"])
        return try #require(submitted.json["workflow_id"]?.string, "\(submitted.text)")
    }

    /// Waits for a run to end.
    func finished(_ id: String) async throws -> TestResponse {
        while true {
            let run = try await send("GET", "/workflows/\(id)?wait=5s")
            guard run.status == 200, ["pending", "running"].contains(run.json["status"]?.string) else { return run }
        }
    }

    /// Waits until so many workers are there.
    func workers(_ count: Int, of backend: String = "cluster") async throws {
        try await until {
            try await send("GET", "/backends/\(backend)/health").json["details"]?["workers"]?.integer == Int64(count)
        }
    }
}

extension ServerProcess {
    /// Starts a server and registers the backend `cluster` with it.
    static func withCluster(
        _ broker: Broker, _ more: JSONObject = [:], data: String, environment: [String: String] = [:]
    ) async throws -> ServerProcess {
        let server = try await ServerProcess(data: data, environment: environment)
        let made = try await server.client.registerCluster(clusterConfig(broker, more))
        #expect(made.status == 201, "\(made.text)")
        return server
    }
}

/// Calls `body` with a server in this process that has the backend `cluster`, a broker, and workers.
func withCluster(
    workers: Int = 1, concurrency: Int = 16, _ more: JSONObject = [:], broker configuration: String = "",
    _ options: TestServer.Options = TestServer.Options(),
    _ body: @Sendable (TestServer, Broker, [Worker]) async throws -> Void
) async throws {
    let broker = try await Broker(configuration)
    var started: [Worker] = []
    for index in 0..<workers { started.append(try await Worker(broker, "w\(index)", concurrency: concurrency)) }
    let all = started
    try await TestServer.with(options) { server in
        let made = try await server.client.registerCluster(clusterConfig(broker, more))
        #expect(made.status == 201, "\(made.text)")
        try await until { try await server.client.send("GET", "/backends/cluster/health").status == 200 }
        try await server.client.workers(workers)
        try await body(server, broker, all)
    }
}
