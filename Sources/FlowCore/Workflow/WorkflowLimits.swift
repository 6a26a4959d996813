/// Bounds that a workflow has to keep to be accepted.
public struct WorkflowLimits: Hashable, Sendable {
    /// How many nodes a workflow may have.
    public var nodes: Int
    /// The largest `max_parallel`, and the default.
    public var maxParallel: Int
    /// The largest `max_iterations` of a loop.
    public var iterations: Int
    /// How deep bodies may nest.
    public var depth: Int

    /// Makes limits.
    public init(nodes: Int = 10_000, maxParallel: Int = 1000, iterations: Int = 10_000, depth: Int = 8) {
        self.nodes = nodes
        self.maxParallel = maxParallel
        self.iterations = iterations
        self.depth = depth
    }
}
