public import FlowJSON

/// One step of a workflow as its author wrote it.
public struct Node: Hashable, Sendable {
    /// The node's name, unique in its workflow.
    public var id: NodeID
    /// The name of the node type, which says what the node does.
    public var type: String
    /// What the type needs to know.
    public var config: JSONObject
    /// The nodes that have to end before this one; `nil` when the author wrote none.
    public var dependsOn: [NodeID]?
    /// How long one attempt may take.
    public var timeout: Duration?
    /// The backend of this node when it is not the run's.
    public var backend: BackendName?
    /// What else was said of a node that was read of JSON.
    public internal(set) var rules: NodeRules?

    /// Makes a node.
    public init(
        id: NodeID, type: String, config: JSONObject = JSONObject(), dependsOn: [NodeID]? = nil,
        timeout: Duration? = nil, backend: BackendName? = nil
    ) {
        self.id = id
        self.type = type
        self.config = config
        self.dependsOn = dependsOn
        self.timeout = timeout
        self.backend = backend
    }
}
