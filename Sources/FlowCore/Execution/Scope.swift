public import FlowJSON

/// Nodes that run together: those of the workflow, or those of one iteration of a body.
///
/// Scopes are numbered in the order in which they began; the workflow's own is 0.
public struct Scope: Sendable {
    /// The nodes with their edges.
    public let graph: WorkflowGraph
    /// The place of the first of the nodes in ``WorkflowContext/nodes``.
    public let base: Int
    /// The place of the node whose body this is; -1 for the workflow.
    let owner: Int
    /// The scope that the owner is in; `nil` for the workflow.
    let outer: Int?
    /// The number of the iteration, from 0.
    public let iteration: Int
    /// What the iteration works on.
    public let item: JSONValue
    /// How the iteration ended; `nil` until it has.
    public internal(set) var outcome: IterationOutcome?
}

/// How an iteration of a body ended.
public enum IterationOutcome: Hashable, Sendable {
    /// All its nodes have ended, and this came of them.
    case completed(JSONValue)
    /// A node of it failed, or it was stopped.
    case failed(NodeFailure)
}
