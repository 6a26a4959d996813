public import FlowJSON

/// What shall happen next in a run.
public enum Decision: Hashable, Sendable {
    /// Journal that the run has started.
    case startWorkflow
    /// Begin an attempt at a node.
    case startNode(NodeID, attempt: Int)
    /// Stop a running node.
    case cancelNode(NodeID)
    /// Journal that a node will not run.
    case skipNode(NodeID)
    /// Journal the output of a node that the planner itself carries out, or that waited for an answer long enough.
    case completeNode(NodeID, output: JSONValue, notes: CompletionNotes?)
    /// Journal the failure of a node, which need not have started.
    case failNode(NodeID, NodeFailure)
    /// Journal that a node waits for an answer.
    case interruptNode(NodeID, Interrupt)
    /// Begin another iteration of a node's body.
    case startIteration(NodeID, index: Int, item: JSONValue)
    /// End an iteration: all its nodes have ended, or those that ran are stopped.
    case endIteration(NodeID, index: Int, IterationOutcome)
    /// Journal that nothing goes on before an answer comes.
    case interruptWorkflow
    /// End the run: all its nodes have ended. The output is left out when it is the one that the graph gives.
    case completeWorkflow(output: JSONValue?)
    /// End the run with a failure.
    case failWorkflow(NodeFailure)
    /// End the run as was asked.
    case cancelWorkflow(reason: String?)
    /// Leave the run to another backend: nothing runs on this one any more.
    case handOver
    /// Nothing until a node ends, a request comes or, where there is one, the instant has come.
    case wait(until: Timestamp?)
    /// The run has ended.
    case stop
}
