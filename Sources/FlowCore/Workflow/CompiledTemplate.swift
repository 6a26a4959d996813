public import FlowExpressions
public import FlowJSON

/// A template together with the JSON that it was compiled from, by which it is compared and written.
public final class CompiledTemplate: Hashable, Sendable {
    /// The JSON as its author wrote it.
    public let source: JSONValue
    /// The template.
    public let template: Template

    init(source: JSONValue, template: Template) {
        self.source = source
        self.template = template
    }

    /// Two templates are equal when they were compiled from the same.
    public static func == (left: CompiledTemplate, right: CompiledTemplate) -> Bool { left.source == right.source }

    /// Hashes the source.
    public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}
