/// Bounds that a planner keeps.
public struct PlannerLimits: Hashable, Sendable {
    /// How many nodes may be running at the same time, unless the workflow says fewer.
    public var parallelNodes: Int
    /// How many nodes a run may have, those of all iterations counted.
    public var nodes: Int
    /// How many attempts at a node may be lost because the server stopped meanwhile.
    public var lostAttempts: Int
    /// When failed attempts are made again whose node does not say; `nil` never.
    public var retry: RetryPolicy?

    /// Makes bounds.
    public init(parallelNodes: Int = 64, nodes: Int = 100_000, lostAttempts: Int = 10, retry: RetryPolicy? = nil) {
        self.parallelNodes = parallelNodes
        self.nodes = nodes
        self.lostAttempts = lostAttempts
        self.retry = retry
    }
}
