/// Bounds on stored definitions.
public struct DefinitionLimits: Hashable, Sendable {
    /// How many definitions there may be.
    public var count: Int
    /// How many versions of one there may be at the same time.
    public var versions: Int
    /// The largest document in bytes of JSON.
    public var bytes: Int

    /// Makes limits.
    public init(count: Int = 10_000, versions: Int = 1000, bytes: Int = 4 << 20) {
        self.count = count
        self.versions = versions
        self.bytes = bytes
    }
}
