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

/// Everything that is wrong with a template.
public struct TemplateErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errors, in the order of the document.
    public var errors: [TemplateError]

    /// Makes a list of errors.
    public init(_ errors: [TemplateError]) { self.errors = errors }

    /// The errors as one text.
    public var description: String {
        errors.map { "\($0.pointer): \($0.error)" }.joined(separator: "; ")
    }
}

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
