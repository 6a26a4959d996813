public import FlowCore
public import FlowJSON

/// A workflow that shall be run, as a client wishes it.
public struct SubmitRequest: Sendable {
    /// A client's `Idempotency-Key` with a hash of the request that it came with.
    public struct Idempotency: Hashable, Sendable {
        /// The key.
        public var key: String
        /// The hash.
        public var fingerprint: String

        /// Makes a key.
        public init(key: String, fingerprint: String) {
            self.key = key
            self.fingerprint = fingerprint
        }
    }

    /// The workflow. Of a request that names a definition it is empty until ``WorkflowService/resolve(_:)`` puts the
    /// definition's there.
    public var workflow: Workflow
    /// The definition whose workflow shall be run; `nil` when the client sent the workflow itself.
    public var definition: DefinitionReference?
    /// The run's input; an empty object when the client gave none.
    public var input: JSONValue?
    /// The backend that shall execute it; the workflow's own or `native` when the client named none.
    public var backend: BackendName?
    /// Capabilities that the backend must have.
    public var requires: [String] = []
    /// The id that the run shall have; a new one when the client gave none.
    public var workflowID: WorkflowID?
    /// Values that the run carries along.
    public var variables = JSONObject()
    /// The client's marks.
    public var labels: [String: String] = [:]
    /// What the run shall survive.
    public var durability: Durability?
    /// Whom to tell when the run has ended.
    public var onCompletion: CompletionHook?
    /// The client's key.
    public var idempotency: Idempotency?
    /// The trace that the request belongs to, as the field `traceparent` names it.
    public var traceparent: String?
    /// The version of a stored definition that the workflow is known to come from.
    var stored: DefinitionID?
    /// The earlier run that this one repeats.
    var origin: RunOrigin?
    /// The node of another run that starts this one.
    var parent: RunParent?
    /// Where the run's own work preferably happens, such as the event loop that the request came in on.
    public var executor: (any TaskExecutor)?

    /// Makes a request with all else left to the service.
    public init(workflow: Workflow) { self.workflow = workflow }

    /// Makes a request for the workflow of a definition.
    public init(definition: DefinitionReference) {
        workflow = Workflow(name: definition.name.rawValue, nodes: [])
        self.definition = definition
    }
}

/// A run that was accepted.
public struct SubmittedRun: Sendable {
    /// The run as it stands on disk.
    public let snapshot: RunSnapshot
    /// Whether an earlier request with the same idempotency key had started it.
    public let isReplay: Bool
}

/// Some runs, newest first.
public struct RunPage: Sendable {
    /// The runs.
    public let runs: [RunSnapshot]
    /// Where the next page begins; `nil` on the last.
    public let next: Int64?
}
