/// The backend could not run the node; the node is not to blame.
public struct BackendError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kept the backend from it.
    public enum Code: String, Hashable, Sendable {
        /// The backend cannot be reached or is shutting down.
        case unavailable
        /// The backend has more work than it takes.
        case overloaded
        /// The backend does not know the node's type.
        case unsupported
        /// Work was cut short by cancellation.
        case cancelled
    }

    /// What kept the backend from it.
    public var code: Code
    /// The backend that failed.
    public var backend: BackendName
    /// What happened, for people.
    public var message: String

    /// The code of the failure that an attempt has by it.
    public var failureCode: NodeFailure.Code
    /// Whether the backend may take the attempt the next time.
    public var isRetriable: Bool
    /// Who tries again; `nil` when it is whom the backend's contract names.
    public var retryOwner: BackendContract.RetryOwner?

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - failure: The code of the failure that an attempt has by it; by default `unavailable`, or `cancelled`.
    ///   - isRetriable: Whether the backend may take the attempt the next time; by default unless it does not know the
    ///     type.
    ///   - retryOwner: Who tries again, when it is not whom the backend's contract names.
    public init(
        _ code: Code, backend: BackendName, _ message: String, failure: NodeFailure.Code? = nil,
        isRetriable: Bool? = nil, retryOwner: BackendContract.RetryOwner? = nil
    ) {
        self.code = code
        self.backend = backend
        self.message = message
        failureCode = failure ?? (code == .cancelled ? .cancelled : .unavailable)
        self.isRetriable = isRetriable ?? (code != .unsupported)
        self.retryOwner = retryOwner
    }

    /// The error with who tries again, which is whom the backend's contract names unless it says so itself.
    public func owned(by backend: any Backend) async -> BackendError {
        var error = self
        if retryOwner == nil { error.retryOwner = await backend.contract.retryOwner }
        return error
    }

    /// The error as one line.
    public var description: String { "backend \(backend) is \(code.rawValue): \(message)" }
}
