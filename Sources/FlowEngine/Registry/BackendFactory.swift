public import FlowCore
public import FlowJSON

/// Makes backends of one type from their registrations.
public protocol BackendFactory: Sendable {
    /// The type whose registrations come here, such as `logging`.
    var type: String { get }
    /// What a backend of this type does, in a sentence.
    var summary: String { get }
    /// The JSON Schema (2020-12) of a registration's `config`.
    var configSchema: JSONValue { get }

    /// The backends that one of this configuration wraps or hands work to.
    func references(in config: JSONObject) -> [BackendName]

    /// Everything that is wrong with a configuration, each with a pointer within it.
    func validate(_ config: JSONObject) -> [ValidationIssue]

    /// Makes the backend. Others are looked up when they are needed, so that replacing one of them takes effect.
    ///
    /// - Throws: ``ValidationError`` when the configuration does not do.
    func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend

    /// Makes the backend of a registration that was accepted before the server's last stop. What a backend depends on may
    /// be away for the moment, which is no reason to do without it.
    ///
    /// - Throws: ``ValidationError`` when the configuration does not do.
    func restoreBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend
}

/// Finds a registered backend by its name, without waiting.
public typealias BackendLookup = @Sendable (BackendName) -> (any Backend)?

extension BackendFactory {
    /// By default a backend stands alone.
    public func references(in config: JSONObject) -> [BackendName] { [] }

    /// By default a backend is restored as it is made.
    public func restoreBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend {
        try await makeBackend(registration, lookup: lookup)
    }
}
