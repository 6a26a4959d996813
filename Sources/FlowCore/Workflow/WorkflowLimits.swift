/// Bounds that a workflow has to keep to be accepted.
public struct WorkflowLimits: Hashable, Sendable {
    /// How many nodes a workflow may have.
    public var nodes: Int
    /// The largest `max_parallel`, and the default.
    public var maxParallel: Int

    /// Makes limits.
    public init(nodes: Int = 10_000, maxParallel: Int = 1000) {
        self.nodes = nodes
        self.maxParallel = maxParallel
    }
}
