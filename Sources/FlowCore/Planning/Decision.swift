/// What shall happen next in a run.
public enum Decision: Hashable, Sendable {
    /// Journal that the run has started.
    case startWorkflow
    /// Begin an attempt at a node.
    case startNode(NodeID, attempt: Int)
    /// Stop a running node.
    case cancelNode(NodeID)
    /// End the run: all its nodes have ended.
    case completeWorkflow
    /// End the run with a failure.
    case failWorkflow(NodeFailure)
    /// End the run as was asked.
    case cancelWorkflow(reason: String?)
    /// Nothing until a node ends, a request comes or, where there is one, the instant has come.
    case wait(until: Timestamp?)
    /// The run has ended.
    case stop
}
