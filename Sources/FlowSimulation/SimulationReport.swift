/// What came of the simulation of one seed.
public struct SimulationReport: Sendable {
    /// The seed.
    public let seed: UInt64
    /// Everything that did not hold.
    public let violations: [Violation]
    /// A hash of all that was done, in order.
    public let trace: UInt64
    /// All journals as they were on disk at the end, one batch a line.
    public let journal: [UInt8]
    /// How many pieces of work were done.
    public let steps: Int
    /// How many runs there were, how they ended, how often a node was executed, how often a server ended.
    public let statistics: SimulationStatistics
}
