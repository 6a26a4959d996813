import FlowCore
import FlowJSON

/// One run of a simulation: what is submitted, and what its clients do.
struct RunPlan: Sendable {
    /// How a run is repeated.
    struct Rerun: Sendable {
        /// The node from which it is; `nil` from the beginning.
        var from: NodeID?
        /// What it works on then; `nil` for what the earlier run did.
        var input: JSONValue?
    }

    let number: Int
    /// The workflow as JSON.
    var workflow: JSONValue
    var input: JSONValue
    /// When it is submitted, in milliseconds after the start.
    var submitAfter: Int
    /// The idempotency key of the submission.
    var key: String?
    /// The id, when the client chooses it.
    var id: WorkflowID?
    /// Whether it is repeated once it has ended, from which of its nodes on, and on which input.
    var rerun: Rerun?
    /// Whether somebody wants to be told of its end.
    var hasHook = false
    /// How many follow its events, and how many look at its state now and then.
    var readers = 0
    var pollers = 0
}
