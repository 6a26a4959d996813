public import FlowJSON

/// What a node says beside its output.
public final class CompletionNotes: Hashable, Sendable {
    /// The one node that shall come next, of those that could.
    public let next: NodeID?
    /// What else is known of the work, such as its cost.
    public let metadata: JSONObject

    /// Makes notes.
    public init(next: NodeID? = nil, metadata: JSONObject = JSONObject()) {
        self.next = next
        self.metadata = metadata
    }

    /// Notes are equal when they say the same.
    public static func == (left: CompletionNotes, right: CompletionNotes) -> Bool {
        left.next == right.next && left.metadata == right.metadata
    }

    /// Hashes what is said.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(next)
        hasher.combine(metadata)
    }
}
