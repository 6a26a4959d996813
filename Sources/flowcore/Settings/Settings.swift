import FlowCore
import FlowEngine
import FlowHTTP
import FlowHosting
import FlowServer
import Logging
import MicroHTTPD

/// Everything that can be configured, with its defaults. `config/flowcore.yaml` lists the same.
struct Settings: Sendable {
    /// How log lines look.
    enum LogFormat: String, CaseIterable, Sendable {
        case text
        case json
    }

    var http = ServerOptions()
    var accessLog = AccessLogMiddleware.Scope.errors
    var maxListeners = 5000
    var heartbeat: Duration = .seconds(10)
    var shutdownGrace: Duration = .seconds(10)
    var certificate: String?
    var certificateKey: String?
    var keys: [String] = []
    var allowsAnonymous = false
    var directory = "./data"
    var engine = EngineLimits()
    var jsonDepth = 128
    var retention = RetentionPolicy()
    var allowsPrivateCalls: Bool?
    var backendsDirectory: String?
    /// Whether backends of type `langchain` may be registered, which run code of theirs as this server's user.
    var allowsPython = true
    var backends: BackendFiles?
    var secretsDirectory: String?
    var secrets = Secrets()
    var logLevel = Logger.Level.info
    var logFormat = LogFormat.text

    /// Whether only this machine can reach the server.
    var isLoopback: Bool { http.isLoopback }
}
