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

    /// Makes an error.
    public init(_ code: Code, backend: BackendName, _ message: String) {
        self.code = code
        self.backend = backend
        self.message = message
    }

    /// The error as one line.
    public var description: String { "backend \(backend) is \(code.rawValue): \(message)" }
}
