/// A part that is broken on purpose, by which it is shown that each invariant can fail.
public enum Sabotage: String, Hashable, Sendable, CaseIterable {
    /// The disk confirms a batch and does not have it after the next crash.
    case loseConfirmed = "lose-confirmed"
    /// The disk answers no more, from some batch on.
    case neverConfirm = "never-confirm"
    /// The disk leaves an event out of what it gives to readers.
    case skipEvent = "skip-event"
    /// The disk does not keep what is to be told of the end of runs.
    case forgetDelivery = "forget-delivery"
    /// The disk refuses the first batch of a run to the engine and keeps it.
    case keepRefused = "keep-refused"
    /// The disk stores another output of a node than it was handed.
    case alterStored = "alter-stored"
    /// The disk forgets the unfinished runs that nodes have started, with each crash.
    case forgetChild = "forget-child"
    /// The backend executes a node once more when its completion is on disk.
    case repeatCompleted = "repeat-completed"
    /// The backend executes a node that a run has taken over of another one.
    case repeatTaken = "repeat-taken"
    /// The backend executes a node again that nobody has begun an attempt at.
    case runUnannounced = "run-unannounced"
    /// The backend gives another output on every attempt but the first.
    case changeOutput = "change-output"

    /// The invariant that finds it.
    public var breaks: Invariant {
        switch self {
        case .loseConfirmed, .skipEvent: .reading
        case .neverConfirm: .ends
        case .forgetDelivery: .told
        case .keepRefused: .acceptance
        case .alterStored: .fold
        case .forgetChild: .children
        case .repeatCompleted, .repeatTaken: .once
        case .runUnannounced: .announced
        case .changeOutput: .journal
        }
    }
}
