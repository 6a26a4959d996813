/// What one evaluation may cost.
public struct EvaluationLimits: Hashable, Sendable {
    /// How many steps it may take: about one for each part of the expression that is evaluated, and for every few bytes
    /// that a function reads.
    public var steps: Int
    /// How many bytes of texts, lists and maps it may make, those in between included.
    public var bytes: Int

    /// Makes limits.
    public init(steps: Int = 1_000_000, bytes: Int = 16 << 20) {
        self.steps = steps
        self.bytes = bytes
    }
}
