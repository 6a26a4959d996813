public import FlowCore
public import FlowEngine
public import FlowJSON
import FlowSystem
public import Logging

/// Makes ``LangChainBackend`` from `{"python": "/opt/langchain/bin/python", "allow": ["my_company.chains:*"]}`.
public struct LangChainBackendFactory: PatientBackendFactory {
    /// The type of its registrations.
    public let type = "langchain"
    /// What the backend does.
    public let summary = "Runs nodes as Runnables of LangChain, in Python processes that it keeps running."
    /// What a registration may say.
    public let configSchema = LangChainConfiguration.schema

    /// How long a registration waits until it is known whether Python does.
    public static let startTime: Duration = .seconds(15)

    private let clock: any WallClock
    private let secrets: any SecretSource
    private let maxOutputBytes: Int
    private let makeLogger: @Sendable (String) -> Logger

    /// Makes a factory.
    ///
    /// - Parameters:
    ///   - clock: What waits for processes go by.
    ///   - secrets: What variables of processes may name.
    ///   - maxOutputBytes: The largest output of a node, as JSON.
    ///   - makeLogger: Makes the logger of a label.
    public init(
        clock: any WallClock, secrets: any SecretSource, maxOutputBytes: Int = 10 << 20,
        makeLogger: @escaping @Sendable (String) -> Logger = { Logger(label: $0) }
    ) {
        self.clock = clock
        self.secrets = secrets
        self.maxOutputBytes = maxOutputBytes
        self.makeLogger = makeLogger
    }

    /// Checks every field.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        ValidationError.issues { () throws(ValidationError) in try LangChainConfiguration(config) }
    }

    /// Makes the backend. One whose Python is missing or does not do is made all the same, and its health tells what mends
    /// it.
    public func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup, waiting time: Duration
    ) async throws(ValidationError) -> any Backend {
        let configuration = try LangChainConfiguration(registration.config)
        var environment = ProcessEnvironment.harmless()
        for (name, value) in try configuration.resolved(secrets) { environment[name] = value }
        environment["PYTHONDONTWRITEBYTECODE"] = environment["PYTHONDONTWRITEBYTECODE"] ?? "1"
        let launch = BridgeWorker.Launch(
            python: configuration.python, environment: environment,
            settings: [
                "allow": .array(configuration.allow.patterns.map { .string($0) }),
                "python_path": .array(configuration.pythonPath.map { .string($0) }),
                "max_memory_bytes": .integer(Int64(configuration.maxMemoryMegabytes) << 20),
                "max_output_bytes": .integer(Int64(maxOutputBytes)), "beat_seconds": 1,
                "hang_seconds": .double(configuration.hangTimeout / .seconds(1)),
            ],
            // What a chain gives on the way is no larger than an output, and its message says little more.
            maxLineBytes: 2 * maxOutputBytes + 1 << 20,
            silence: configuration.hangTimeout + .seconds(10), backend: registration.name)
        let native: @Sendable () -> (any Backend)? = { lookup(.native) }
        let pool = BridgePool(
            launch, count: configuration.workers, native: native, clock: clock,
            logger: makeLogger("flowcore.backend.\(registration.name)"))
        pool.start()
        await pool.waitForNews(within: time)
        return LangChainBackend(
            name: registration.name, configuration, pool: pool, secrets: secrets, native: native)
    }
}
