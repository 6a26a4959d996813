public import FlowCore

/// Why the service did not do what a client asked for.
public enum ServiceError: Error, Hashable, Sendable {
    /// What the client sent is not acceptable, for all of these reasons.
    case invalid([ValidationIssue])
    /// The server may choose the backend, and of those that could do it none is healthy, for these reasons.
    case noHealthyBackend([ValidationIssue])
    /// There is nothing of that name.
    case notFound(String)
    /// The state of what is named does not allow it.
    case conflict(String)
    /// What is there is not what the client made its condition.
    case preconditionFailed(String)
    /// The idempotency key stands for another request.
    case idempotencyMismatch
    /// The first request with the idempotency key has not been answered yet.
    case idempotencyInFlight
    /// The server has as much work as it takes.
    case overloaded(String, retryAfter: Duration)
    /// The server cannot do it now.
    case unavailable(String)
}

extension ServiceError {
    /// The error that a failing journal means to a client.
    init(_ error: JournalError) {
        switch error.code {
        case .notFound: self = .notFound(error.message)
        case .conflict: self = .conflict(error.message)
        case .full, .unavailable, .corrupt: self = .unavailable(error.description)
        }
    }
}
