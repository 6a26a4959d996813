public import FlowCore
public import FlowEngine
import FlowServer
public import Logging
import Metrics
import MicroHTTPD

extension FlowCoreServer {
    /// What a server serves, and where.
    public struct Configuration: Sendable {
        /// The address to listen on. Other machines are served only when there are ``apiKeys``.
        public var host = "127.0.0.1"
        /// The port to listen on; 0 takes a free one.
        public var port = 8080
        /// Where the database is kept.
        public var directory: String
        /// Backends that are part of the server, besides `native`.
        public var backends: [any Backend] = []
        /// Node types that the backend `native` takes, besides the built-in ones.
        public var nodeTypes: [any NodeType] = []
        /// The keys that open the API, each as `ROLE:KEY` with the role `viewer`, `submitter` or `admin`.
        public var apiKeys: [String] = []
        /// What workflows and registrations may name as secrets.
        public var secrets = Secrets()
        /// Whether nodes may call this machine and private networks; `nil` allows it while the server itself serves only
        /// this machine.
        public var allowsPrivateCalls: Bool?
        /// The bounds and defaults of runs.
        public var limits = EngineLimits()
        /// Which finished runs are removed.
        public var retention = RetentionPolicy()
        /// How long active runs have to end when the server stops.
        public var shutdownGrace: Duration = .seconds(10)
        /// The version of your program, which receipts name as what executed a node here; `nil` names none.
        public var version: String?
        /// Where the server tells what happens to it.
        public var logger = Logger(label: "flowcore")

        /// Makes a configuration with the defaults.
        ///
        /// - Parameter directory: Where the database is kept; it is made when it is not there.
        public init(directory: String) { self.directory = directory }
    }
}

extension FlowCoreServer.Configuration {
    var http: ServerOptions {
        var options = ServerOptions()
        options.host = host
        options.port = port
        return options
    }

    /// The keys, unless others could reach the server without one.
    func checkedKeys() throws -> APIKeys {
        guard let keys = APIKeys(apiKeys) else {
            throw FlowCoreServer.StartError("an API key needs at least 16 visible ASCII characters")
        }
        guard http.isLoopback || !keys.isEmpty else {
            throw FlowCoreServer.StartError(
                "refusing to serve \(host) without API keys: everybody who reaches it could run workflows")
        }
        return keys
    }

    /// The service with its parts.
    func assembly(metrics: PrometheusMetrics) async throws -> Assembly {
        let names = [BackendName.native] + backends.map(\.name)
        if let twice = names.first(where: { name in names.count(where: { $0 == name }) > 1 }) {
            throw FlowCoreServer.StartError("there are two backends \"\(twice)\"")
        }
        do {
            return try await Assembly(
                directory: directory, limits: limits, allowsPrivateCalls: allowsPrivateCalls ?? http.isLoopback,
                logger: logger, metrics: metrics, secrets: secrets, nodeTypes: nodeTypes, backends: backends,
                version: version)
        } catch {
            throw FlowCoreServer.StartError("the directory \(directory) cannot be used: \(error)")
        }
    }
}
