public import FlowCore

/// A run whose nodes go to the outermost of several nested backends.
///
/// A decorator hands it to the backend inside. Without it, a run that is planned by the service would be driven on the
/// inner backend, past the decorator.
public struct RedirectedRun: WorkflowRun {
    private let run: any WorkflowRun
    private let outermost: any Backend

    /// Makes a run whose nodes go to `outermost`.
    public init(_ run: any WorkflowRun, outermost: any Backend) {
        self.run = run
        self.outermost = outermost
    }

    /// The run's id.
    public var id: WorkflowID { run.id }
    /// The workflow.
    public var workflow: Workflow { run.workflow }
    /// The run's state.
    public var context: WorkflowContext { get async { await run.context } }

    /// Drives the run on the outermost backend, whoever asks.
    public func drive(on backend: any Backend) async throws(BackendError) { try await run.drive(on: outermost) }
}
