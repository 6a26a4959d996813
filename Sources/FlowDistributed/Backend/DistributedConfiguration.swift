import FlowCore
import FlowJSON
import FlowNATS

/// What a registration says of a backend of type `distributed`.
struct DistributedConfiguration: Sendable {
    /// The brokers, as URLs.
    var servers: [String] = []
    var credentials: BrokerCredentials?
    var tls: BrokerTLS?
    /// Who may read the events of the broker's system account.
    var system: BrokerCredentials?
    var names = Names()
    /// Under which results come back; one for each server.
    var shard: String?
    var replicas = 1
    var maxBytes = 256 << 20
    var maxInFlight = 4096
    /// How often a worker says that it still works on a node; twice that long it may be silent.
    var heartbeat: Duration = .seconds(10)
    var maxDeliveries = 5
    /// How long a node waits for a broker that is away.
    var connectWait: Duration = .seconds(10)

    /// How long a delivery is a worker's without a word of it.
    var lease: Duration { heartbeat * 2 }

    /// Reads a configuration.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(_ config: JSONObject) throws(ValidationError) {
        var fields = FieldReader(config, at: [])
        fields.require("servers")
        servers = fields.texts("servers") ?? []
        if config["servers"]?.array?.isEmpty == true { fields.refuse("servers", "expected at least one URL") }
        for (index, server) in servers.enumerated() where !Self.isServer(server) {
            fields.add(
                ValidationIssue(
                    fields.pointer("servers").appending(index),
                    "expected a URL such as nats://127.0.0.1:4222 or tls://…, without credentials"))
        }
        if let value = fields.value("credentials") {
            credentials = BrokerCredentials(value, at: fields.pointer("credentials"), &fields)
        }
        if let object = fields.object("tls") { tls = BrokerTLS(object, at: fields.pointer("tls"), &fields) }
        if let object = fields.object("system") {
            let place = fields.pointer("system")
            var inner = FieldReader(object, at: place)
            inner.require("credentials")
            if let value = inner.value("credentials") {
                system = BrokerCredentials(value, at: inner.pointer("credentials"), &inner)
            }
            fields.add(inner.finish())
        }
        let expected = "1 to 32 lower-case letters, digits or '_'"
        if let text = fields.value("namespace", expected: expected, Self.namespace) { names = Names(text) }
        shard = fields.value("shard", expected: "1 to 64 letters, digits, '_' or '-'") { $0.string.flatMap(Self.shard) }
        if let count = fields.integer("stream_replicas", in: 1...5) { replicas = count }
        if let size = fields.integer("max_bytes", in: 1 << 20...1 << 50) { maxBytes = size }
        if let count = fields.integer("max_in_flight", in: 1...100_000) { maxInFlight = count }
        if let time = fields.duration("heartbeat") {
            if time < .milliseconds(100) || time > .seconds(3600) {
                fields.refuse("heartbeat", "expected 100ms to 1h")
            }
            heartbeat = time
        }
        if let count = fields.integer("max_deliveries", in: 1...1000) { maxDeliveries = count }
        if let time = fields.duration("connect_wait", allowZero: true) { connectWait = time }
        let issues = fields.finish()
        guard issues.isEmpty else { throw ValidationError(issues) }
    }

    private static func namespace(_ value: JSONValue) -> String? {
        value.string.flatMap { Names.isNamespace($0) ? $0 : nil }
    }

    private static func shard(_ text: String) -> String? {
        (1...64).contains(text.utf8.count) && Names.token(text) == text ? text : nil
    }

    private static func isServer(_ text: String) -> Bool {
        guard let scheme = ["nats://", "tls://"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty && !rest.contains("@") && !rest.contains("/")
            && rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// How the broker is reached.
    ///
    /// - Throws: ``ValidationError`` when a secret or a file is not there.
    func options(
        _ credentials: BrokerCredentials?, name: String, _ secrets: any SecretSource
    ) throws(ValidationError) -> NATSOptions {
        var options = NATSOptions(servers: servers, name: name)
        if let credentials { options.credentials = try credentials.resolved(secrets) }
        if let tls {
            options.tls = try BrokerFiles.tls(
                authorities: tls.authorities, certificate: tls.certificate, key: tls.key, serverName: tls.serverName)
        } else if servers.contains(where: { $0.hasPrefix("tls://") }) {
            options.tls = NATSOptions.TLS()
        }
        return options
    }
}
