/// How much is asked of a backend. Each level holds the ones below it.
public enum ConformanceLevel: String, Hashable, Sendable, CaseIterable, Comparable {
    /// What it answers has the shape of the wire protocol.
    case l0 = "L0"
    /// Nodes, sequences, errors, states and capabilities are what they say.
    case l1 = "L1"
    /// Work runs side by side, is tried again, timed, cancelled, interrupted, streamed, and is large.
    case l2 = "L2"
    /// The connection fails in every way that one can, and the backend lives on.
    case l3 = "L3"

    /// Levels are ordered as they build on each other.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
