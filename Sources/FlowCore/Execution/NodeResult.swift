public import FlowJSON

/// What came of executing a node. A node that fails returns a failure; it does not throw.
public enum NodeResult: Hashable, Sendable {
    /// The node did its work.
    case success(output: JSONValue)
    /// The node could not do its work.
    case failure(NodeFailure)
}
