public import FlowCore
public import FlowEngine
public import FlowJSON
public import Logging

/// Makes ``DistributedBackend`` from `{"servers": ["nats://127.0.0.1:4222"]}`.
public struct DistributedBackendFactory: PatientBackendFactory {
    /// The type of its registrations.
    public let type = "distributed"
    /// What the backend does.
    public let summary = "Has nodes executed by workers on other machines, which take them from queues on NATS."
    /// What a registration may say.
    public let configSchema = DistributedConfiguration.schema

    /// How long a registration waits until it is known whether the broker does.
    public static let startTime: Duration = .seconds(5)

    private let clock: any WallClock
    private let secrets: any SecretSource
    private let lookup: @Sendable (WorkflowID) async throws -> WorkflowContext?
    private let random: @Sendable () -> UInt64
    private let makeLogger: @Sendable (String) -> Logger

    /// Makes a factory.
    ///
    /// - Parameters:
    ///   - clock: What waits go by.
    ///   - secrets: What credentials may name.
    ///   - random: Makes what nobody can guess.
    ///   - lookup: Finds the durable state of a run of this server; `nil` when it has none of that id.
    ///   - makeLogger: Makes the logger of a label.
    public init(
        clock: any WallClock, secrets: any SecretSource, random: @escaping @Sendable () -> UInt64,
        lookup: @escaping @Sendable (WorkflowID) async throws -> WorkflowContext?,
        makeLogger: @escaping @Sendable (String) -> Logger = { Logger(label: $0) }
    ) {
        self.clock = clock
        self.secrets = secrets
        self.random = random
        self.lookup = lookup
        self.makeLogger = makeLogger
    }

    /// Checks every field.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        ValidationError.issues { () throws(ValidationError) in try DistributedConfiguration(config) }
    }

    /// Makes the backend. One whose broker is away is made all the same, and its health tells why.
    public func makeBackend(
        _ registration: BackendRegistration, lookup backends: @escaping BackendLookup, waiting time: Duration
    ) async throws(ValidationError) -> any Backend {
        let configuration = try DistributedConfiguration(registration.config)
        let client = "flowcore-\(registration.name)-\(String(random(), radix: 36))"
        let options = try configuration.options(configuration.credentials, name: client, secrets)
        let system = try configuration.system.map { credentials throws(ValidationError) in
            try configuration.options(credentials, name: client + "-system", secrets)
        }
        let backend = DistributedBackend(
            name: registration.name, configuration, options: options, system: system, clock: clock,
            logger: makeLogger("flowcore.backend.\(registration.name)"), random: random,
            native: { backends(.native) }, lookup: lookup)
        backend.start()
        await backend.waitForNews(within: time)
        return backend
    }
}
