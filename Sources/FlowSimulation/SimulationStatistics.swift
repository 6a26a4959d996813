public import FlowCore

/// Some numbers about simulations, by which it is seen that they do something.
public struct SimulationStatistics: Hashable, Sendable, CustomStringConvertible {
    /// Runs that clients submitted, by their last status.
    public var runs: [WorkflowStatus: Int] = [:]
    /// Runs that nodes started, by their last status.
    public var children: [WorkflowStatus: Int] = [:]
    /// Executions of nodes.
    public var executions = 0
    /// Attempts that were lost with a server.
    public var lostAttempts = 0
    /// Servers that crashed or stopped before the end.
    public var crashes = 0
    /// Pieces of work.
    public var steps = 0

    /// Makes zeros.
    public init() {}

    /// The numbers as one line.
    public var description: String {
        func ends(_ runs: [WorkflowStatus: Int]) -> String {
            WorkflowStatus.allCases.compactMap { status in runs[status].map { "\($0) \(status.rawValue)" } }
                .joined(separator: ", ")
        }
        return
            "\(ends(runs)) runs; \(ends(children)) of nodes; \(executions) executions, \(lostAttempts) attempts lost, "
            + "\(crashes) servers ended, \(steps) steps"
    }

    /// Adds those of another simulation.
    public mutating func add(_ other: SimulationStatistics) {
        runs.merge(other.runs, uniquingKeysWith: +)
        children.merge(other.children, uniquingKeysWith: +)
        executions += other.executions
        lostAttempts += other.lostAttempts
        crashes += other.crashes
        steps += other.steps
    }
}
