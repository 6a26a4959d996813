/// One run as its backend sees it. The engine implements it; a backend only calls it.
public protocol WorkflowRun: Sendable {
    /// The run's id.
    var id: WorkflowID { get }
    /// The workflow.
    var workflow: Workflow { get }

    /// The state of the run as far as it is journaled.
    var context: WorkflowContext { get async }

    /// Plans the run's nodes and executes each of them on a backend, until the run has ended.
    ///
    /// - Throws: ``BackendError`` when the backend cannot go on with the run. What is journaled stays.
    nonisolated(nonsending) func drive(on backend: any Backend) async throws(BackendError)
}
