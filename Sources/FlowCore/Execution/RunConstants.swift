/// What never changes in a run.
public final class RunConstants: Sendable {
    /// The run's id.
    public let id: WorkflowID
    /// The workflow with its edges.
    public let graph: WorkflowGraph
    /// What was submitted.
    public let submission: Submission
    /// When it was submitted.
    public let submittedAt: Timestamp

    /// Takes what was submitted.
    public init(id: WorkflowID, graph: WorkflowGraph, submission: Submission, submittedAt: Timestamp) {
        self.id = id
        self.graph = graph
        self.submission = submission
        self.submittedAt = submittedAt
    }
}
