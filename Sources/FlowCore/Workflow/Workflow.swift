public import FlowJSON

/// A named graph of nodes: what a client submits.
///
/// Without any ``Node/dependsOn`` the nodes run in the order of the list. As soon as one node names dependencies the
/// workflow is a directed acyclic graph, in which a node without dependencies is a root.
public struct Workflow: Hashable, Sendable {
    /// The workflow's name.
    public var name: String
    /// The author's version, which the service carries along.
    public var version: String?
    /// The steps, at least one.
    public var nodes: [Node]
    /// How long a run may take.
    public var timeout: Duration?
    /// How many nodes of a run may be running at the same time.
    public var maxParallel: Int?
    /// The backend of runs whose submission names none.
    public var backend: BackendName?
    /// Capabilities that the backend must have.
    public var requires: [String]
    /// Values that runs carry along unless their submission gives others of the same names.
    public var variables: JSONObject
    /// What a run's output is made of; `nil` takes the output of the nodes that nothing waits for.
    public var output: CompiledTemplate?

    /// Makes a workflow.
    public init(
        name: String, version: String? = nil, nodes: [Node], timeout: Duration? = nil, maxParallel: Int? = nil,
        backend: BackendName? = nil, requires: [String] = [], variables: JSONObject = JSONObject(),
        output: CompiledTemplate? = nil
    ) {
        self.name = name
        self.version = version
        self.nodes = nodes
        self.timeout = timeout
        self.maxParallel = maxParallel
        self.backend = backend
        self.requires = requires
        self.variables = variables
        self.output = output
    }
}
