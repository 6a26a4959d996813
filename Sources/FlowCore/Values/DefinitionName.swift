/// The name of a stored definition: a letter or digit, then up to 127 letters, digits, `_`, `-` or `.`.
///
/// It holds no `@`: what stands behind one is a version.
public struct DefinitionName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as text.
    public let rawValue: String

    /// Takes a name that is known to be well formed.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Takes foreign text, or `nil` when it is no name.
    public init?(checking text: String) {
        guard Identifier.isWellFormed(text, maximum: 128, others: "_-.") else { return nil }
        rawValue = text
    }

    /// Makes a name of a literal.
    public init(stringLiteral value: String) { rawValue = value }

    /// The name as text.
    public var description: String { rawValue }
}
