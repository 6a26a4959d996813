public import FlowCore
public import FlowEngine
public import FlowJSON

/// Makes ``ResilientBackend`` from `{"backend": "native", "retry": {…}, "circuit_breaker": {…}, "max_concurrent": 8}`.
public struct ResilientBackendFactory: BackendFactory {
    /// The type of its registrations.
    public let type = "resilient"
    /// What the backend does.
    public let summary =
        "Wraps another backend: tries again what failed for want of it, with a circuit breaker and a limit of nodes at a time."
    /// What a registration may say.
    public let configSchema = ResilientConfiguration.schema
    private let clock: any WallClock
    private let random: @Sendable () -> Double

    /// Makes a factory.
    ///
    /// - Parameters:
    ///   - clock: What delays and circuit breakers go by.
    ///   - random: Gives numbers from 0 up to 1, which place delays within their jitter.
    public init(
        clock: any WallClock, random: @escaping @Sendable () -> Double
    ) {
        self.clock = clock
        self.random = random
    }

    /// The wrapped backend.
    public func references(in config: JSONObject) -> [BackendName] { [WrappedBackend.name(config)] }

    /// Checks all fields.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        ValidationError.issues { () throws(ValidationError) in try ResilientConfiguration(decoding: config) }
    }

    /// Makes the backend, with its circuit closed.
    ///
    /// - Throws: ``ValidationError`` when the configuration does not do.
    public func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) throws(ValidationError) -> any Backend {
        let base = WrappedBackend.name(registration.config)
        return ResilientBackend(
            name: registration.name, configuration: try ResilientConfiguration(decoding: registration.config),
            clock: clock, random: random, base: { lookup(base) })
    }
}
