/// Whether a backend can take work now.
public enum BackendHealth: Hashable, Sendable {
    /// It can.
    case healthy
    /// It cannot, for this reason.
    case unhealthy(reason: String)

    /// Whether it can.
    public var isHealthy: Bool { self == .healthy }
}
