/// The name under which a server knows a secret: a letter or digit, then up to 63 letters, digits, `_`, `-` or `.`.
public struct SecretName: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as text.
    public let rawValue: String

    /// Takes a name that is known to be well formed.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Takes foreign text, or `nil` when it is no name.
    public init?(checking text: String) {
        guard Identifier.isWellFormed(text, maximum: 64, others: "_-.") else { return nil }
        rawValue = text
    }

    /// Makes a name of a literal.
    public init(stringLiteral value: String) { rawValue = value }

    /// The name as text.
    public var description: String { rawValue }

    /// Orders by bytes.
    public static func < (left: SecretName, right: SecretName) -> Bool {
        left.rawValue.utf8.lexicographicallyPrecedes(right.rawValue.utf8)
    }
}
