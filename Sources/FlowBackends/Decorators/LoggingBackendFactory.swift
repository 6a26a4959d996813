public import FlowCore
public import FlowEngine
public import FlowJSON
public import Logging

/// Makes ``LoggingBackend`` from `{"backend": "native", "log_level": "info"}`.
public struct LoggingBackendFactory: BackendFactory {
    /// The type of its registrations.
    public let type = "logging"
    /// What the backend does.
    public let summary = "Wraps another backend and logs what happens to every node and run."
    /// What a registration may say.
    public let configSchema: JSONValue = [
        "type": "object", "additionalProperties": false,
        "properties": [
            "backend": WrappedBackend.schema,
            "log_level": [
                "type": "string", "default": "info",
                "enum": .array(Logger.Level.allCases.map { .string($0.rawValue) }),
                "description": "The least severe level that is logged: debug shows inputs and outputs.",
            ],
        ],
    ]
    private let secrets: (any SecretSource)?
    private let makeLogger: @Sendable (String) -> Logger

    /// Makes a factory.
    ///
    /// - Parameters:
    ///   - secrets: What gets into no log.
    ///   - makeLogger: Makes the logger of a label.
    public init(
        secrets: (any SecretSource)? = nil, makeLogger: @escaping @Sendable (String) -> Logger = { Logger(label: $0) }
    ) {
        self.secrets = secrets
        self.makeLogger = makeLogger
    }

    /// The wrapped backend.
    public func references(in config: JSONObject) -> [BackendName] { [WrappedBackend.name(config)] }

    /// Checks the two fields.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        var fields = FieldReader(config, at: [])
        _ = fields.backend("backend")
        _ = fields.value(
            "log_level", expected: "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
        ) {
            $0.string.flatMap(Logger.Level.init(rawValue:))
        }
        return fields.finish()
    }

    /// Makes the backend.
    public func makeBackend(_ registration: BackendRegistration, lookup: @escaping BackendLookup) -> any Backend {
        var logger = makeLogger("flowcore.backend.\(registration.name)")
        logger.logLevel = registration.config["log_level"]?.string.flatMap(Logger.Level.init(rawValue:)) ?? .info
        logger[metadataKey: "backend"] = "\(registration.name)"
        let base = WrappedBackend.name(registration.config)
        return LoggingBackend(name: registration.name, logger: logger, secrets: secrets) { lookup(base) }
    }
}
