public import FlowCore
public import FlowEngine
public import FlowJSON

/// Makes ``RemoteBackend`` from `{"url": "http://localhost:9000"}`.
public struct RemoteBackendFactory: BackendFactory {
    /// The type of its registrations.
    public let type = "remote"
    /// What the backend does.
    public let summary = "Has nodes executed by an HTTP service that speaks the wire protocol, in any language."
    /// What a registration may say.
    public let configSchema = RemoteConfiguration.schema

    /// How long a start waits for each service that it knows.
    private static let restoreTime: Duration = .seconds(2)

    private let calls: OutboundHTTP
    private let clock: any WallClock
    private let secrets: any SecretSource
    private let maxResponseBytes: Int

    /// Makes a factory.
    ///
    /// - Parameters:
    ///   - calls: How backends call out.
    ///   - secrets: What header fields may name.
    ///   - maxResponseBytes: The longest answer that is read, all parts of a result included.
    public init(
        calls: OutboundHTTP, clock: any WallClock, secrets: any SecretSource, maxResponseBytes: Int = 64 << 20
    ) {
        self.calls = calls
        self.clock = clock
        self.secrets = secrets
        self.maxResponseBytes = maxResponseBytes
    }

    /// Checks every field.
    public func validate(_ config: JSONObject) -> [ValidationIssue] {
        ValidationError.issues { () throws(ValidationError) in try RemoteConfiguration(config) }
    }

    /// Makes the backend, which has to answer what it can do.
    public func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend {
        let backend = try backend(registration)
        do throws(RemoteFault) { try await backend.describe() } catch {
            throw ValidationError([ValidationIssue(["url"], error.message)])
        }
        return backend
    }

    /// Makes the backend, also when the service is away: until it is back it can do nothing, and its health tells why.
    public func restoreBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend {
        let backend = try backend(registration)
        // Asked again whenever somebody asks how it is.
        try? await backend.describe(within: Self.restoreTime)
        return backend
    }

    private func backend(_ registration: BackendRegistration) throws(ValidationError) -> RemoteBackend {
        let configuration = try RemoteConfiguration(registration.config)
        let service = RemoteService(
            calls: calls, base: configuration.base, headers: try configuration.resolved(secrets), secrets: secrets,
            maxResponseBytes: maxResponseBytes)
        return RemoteBackend(name: registration.name, configuration, service: service, clock: clock)
    }
}
