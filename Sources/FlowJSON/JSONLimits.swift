/// Bounds that the parser keeps while it reads foreign input.
public struct JSONLimits: Hashable, Sendable {
    /// How deep arrays and objects may nest.
    public var depth: Int
    /// How many values, names excluded, a text may hold.
    public var values: Int

    /// Makes limits.
    public init(depth: Int = 128, values: Int = 5_000_000) {
        self.depth = depth
        self.values = values
    }
}
