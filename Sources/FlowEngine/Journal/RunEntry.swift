public import FlowCore

/// What a run is found by.
public struct RunEntry: Hashable, Sendable {
    /// The run's id.
    public var id: WorkflowID
    /// The run's place in the order of submission, unique in a server.
    public var sequence: Int64
    /// The workflow's name.
    public var name: String
    /// Where the run stands.
    public var status: WorkflowStatus
    /// The run's backend.
    public var backend: BackendName
    /// The client's marks.
    public var labels: [String: String]
    /// When the run was submitted.
    public var submittedAt: Timestamp
    /// When the run ended.
    public var completedAt: Timestamp?
    /// The stored definition that the workflow comes from.
    public var definition: DefinitionID?

    /// Makes an entry.
    public init(
        id: WorkflowID, sequence: Int64, name: String, status: WorkflowStatus, backend: BackendName,
        labels: [String: String], submittedAt: Timestamp, completedAt: Timestamp?,
        definition: DefinitionID? = nil
    ) {
        self.id = id
        self.sequence = sequence
        self.name = name
        self.status = status
        self.backend = backend
        self.labels = labels
        self.submittedAt = submittedAt
        self.completedAt = completedAt
        self.definition = definition
    }

    /// The entry of a run in its current state.
    public init(_ context: WorkflowContext, sequence: Int64) {
        self.init(
            id: context.id, sequence: sequence, name: context.graph.workflow.name, status: context.status,
            backend: context.backend, labels: context.submission.labels, submittedAt: context.submittedAt,
            completedAt: context.completedAt, definition: context.submission.definition)
    }
}
