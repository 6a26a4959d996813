public import FlowJSON

/// What a node waits for whose answer comes from outside.
public final class Interrupt: Hashable, Sendable {
    /// What whoever answers is shown.
    public let prompt: JSONValue
    /// When the node waits no longer.
    public let deadline: Timestamp?

    /// Makes an interrupt.
    public init(prompt: JSONValue, deadline: Timestamp? = nil) {
        self.prompt = prompt
        self.deadline = deadline
    }

    /// Interrupts are equal when they ask the same.
    public static func == (left: Interrupt, right: Interrupt) -> Bool {
        left.prompt == right.prompt && left.deadline == right.deadline
    }

    /// Hashes what is asked.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(prompt)
        hasher.combine(deadline)
    }
}
