/// How a simulation is run.
public struct SimulationOptions: Sendable {
    /// Whether anything goes wrong at all.
    public var hasFaults = true
    /// What is broken on purpose.
    public var sabotage: Sabotage?
    /// After so many pieces of work a simulation is taken not to end.
    public var stepLimit = 100_000
    /// Takes lines that tell what happens.
    public var log: (@Sendable (String) -> Void)?

    /// Makes the defaults.
    public init() {}
}
