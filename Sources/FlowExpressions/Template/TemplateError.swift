public import FlowJSON

/// One expression in a template that is none, and where.
public struct TemplateError: Hashable, Sendable {
    /// The string that holds the expression.
    public var pointer: JSONPointer
    /// What is wrong; its place is one in the string.
    public var error: ExpressionError

    /// Makes an error.
    public init(pointer: JSONPointer, error: ExpressionError) {
        self.pointer = pointer
        self.error = error
    }
}
