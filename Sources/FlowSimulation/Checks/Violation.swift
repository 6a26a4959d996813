public import FlowCore

/// What holds in every simulation.
public enum Invariant: String, Hashable, Sendable, CaseIterable {
    /// A run that was accepted ends once nothing more goes wrong.
    case ends
    /// A node whose completion is on disk is not executed again in its run.
    case once
    /// A node with effects is executed only while the journal shows its attempt as begun.
    case announced
    /// A run ends as its workflow and what went wrong with it allow, with the outputs that follow from its input.
    case outcome
    /// A node that runs a definition starts one run for each attempt, has that run's output, and has it end when it
    /// waits no longer.
    case children
    /// Whoever wants to know of a run's end is told of it, once it is on disk and until it is known to have come there.
    case told
    /// A run's state is the fold of its journal.
    case fold
    /// A journal is a sequence of events that the workflow allows.
    case journal
    /// What was seen as committed stays, and whoever follows a run sees each of its events once, in order.
    case reading
    /// A run that was refused leaves no trace; one request with one key starts one run; an accepted run stays.
    case acceptance
    /// All work is done in the order that the seed gives.
    case determinism
}

/// An invariant that did not hold.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
    /// What did not hold.
    public let invariant: Invariant
    /// What happened.
    public let message: String
    /// When it was noticed, by the simulation's clock.
    public let at: Timestamp

    /// The violation as one line.
    public var description: String { "[\(invariant.rawValue)] \(message) (at \(at.milliseconds))" }
}
