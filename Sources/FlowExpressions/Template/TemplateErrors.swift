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
