public import FlowJSON

/// A variable that a template reads, and where.
public struct TemplateReference: Hashable, Sendable {
    /// The string that holds the expression.
    public var pointer: JSONPointer
    /// The variable; its place is one in the string.
    public var reference: VariableReference

    /// Makes a reference.
    public init(pointer: JSONPointer, reference: VariableReference) {
        self.pointer = pointer
        self.reference = reference
    }
}
