public import FlowCore

/// Makes backends that depend on something else, of which it takes a while to know how it is. They are made whatever that
/// is, and their health tells.
public protocol PatientBackendFactory: BackendFactory {
    /// How long a registration waits until it is known.
    static var startTime: Duration { get }

    /// Makes the backend.
    ///
    /// - Parameter time: How long to wait until it is known how what it depends on is.
    /// - Throws: ``ValidationError`` when the configuration does not do.
    func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup, waiting time: Duration
    ) async throws(ValidationError) -> any Backend
}

extension PatientBackendFactory {
    /// Makes the backend, and waits until it is known how it is.
    public func makeBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend {
        try await makeBackend(registration, lookup: lookup, waiting: Self.startTime)
    }

    /// Makes the backend, which goes on to start beside the server.
    public func restoreBackend(
        _ registration: BackendRegistration, lookup: @escaping BackendLookup
    ) async throws(ValidationError) -> any Backend {
        try await makeBackend(registration, lookup: lookup, waiting: .seconds(2))
    }
}
