public import FlowJSON

/// What came of executing a node. A node that fails returns a failure; it does not throw.
public enum NodeResult: Hashable, Sendable {
    /// The node did its work.
    case success(output: JSONValue, notes: CompletionNotes? = nil)
    /// The node could not do its work.
    case failure(NodeFailure)
    /// The node's output has to come from outside; the prompt says what is asked for.
    case interrupted(prompt: JSONValue)
}
