public import FlowJSON

/// What follows from a failed attempt.
public enum FailureOutcome: Hashable, Sendable {
    /// The node has failed, and with it what it is part of.
    case failed
    /// Another attempt is made at an instant.
    case retry(at: Timestamp)
    /// The node's fallback is tried in its place.
    case fallback
    /// The node has failed; what follows goes on without its output.
    case tolerated
    /// The node is completed with this output in place of its own.
    case replaced(JSONValue)

    /// Whether no attempt follows.
    public var isFinal: Bool {
        switch self {
        case .failed, .tolerated, .replaced: true
        case .retry, .fallback: false
        }
    }
}
