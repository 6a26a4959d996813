public import FlowJSON

/// What a client submitted, as the first event keeps it. It never changes, and all who know the run share it.
public final class Submission: Sendable {
    /// The workflow.
    public let workflow: Workflow
    /// The run's input.
    public let input: JSONValue
    /// The backend that executes the run.
    public let backend: BackendName
    /// Values that the run carries along.
    public let variables: JSONObject
    /// The client's own marks, by which runs are found.
    public let labels: [String: String]
    /// What the run survives.
    public let durability: Durability
    /// The trace that the submission belongs to, as the field `traceparent` names it (W3C Trace Context).
    public let traceparent: String?
    /// The stored definition that the workflow comes from.
    public let definition: DefinitionID?
    /// The earlier run that this one repeats.
    public let origin: RunOrigin?
    /// The node of another run that started this one.
    public let parent: RunParent?
    /// Whom to tell when the run has ended.
    public let onCompletion: CompletionHook?
    /// Capabilities that every backend of the run must have, beside those that the workflow asks for.
    public let requires: [String]
    /// Why the server chose the backend; `nil` when the client named it.
    public let backendChoice: JSONObject?

    /// Makes a submission.
    public init(
        workflow: Workflow, input: JSONValue = .object(JSONObject()), backend: BackendName = .native,
        variables: JSONObject = JSONObject(), labels: [String: String] = [:], durability: Durability = .full,
        traceparent: String? = nil, definition: DefinitionID? = nil, origin: RunOrigin? = nil,
        parent: RunParent? = nil, onCompletion: CompletionHook? = nil, requires: [String] = [],
        backendChoice: JSONObject? = nil
    ) {
        self.workflow = workflow
        self.input = input
        self.backend = backend
        self.variables = variables
        self.labels = labels
        self.durability = durability
        self.traceparent = traceparent
        self.definition = definition
        self.origin = origin
        self.parent = parent
        self.onCompletion = onCompletion
        self.requires = requires
        self.backendChoice = backendChoice
    }
}

extension Submission: Hashable {
    /// Whether both say the same.
    public static func == (left: Submission, right: Submission) -> Bool {
        left === right
            || left.workflow == right.workflow && left.input == right.input && left.backend == right.backend
                && left.variables == right.variables && left.labels == right.labels
                && left.durability == right.durability && left.traceparent == right.traceparent
                && left.definition == right.definition && left.origin == right.origin && left.parent == right.parent
                && left.onCompletion == right.onCompletion && left.requires == right.requires
                && left.backendChoice == right.backendChoice
    }

    /// Hashes what most likely tells two apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(workflow)
        hasher.combine(input)
    }
}
