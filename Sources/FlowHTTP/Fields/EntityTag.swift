/// The version of a representation (RFC 9110 section 8.8.3).
package struct EntityTag: Hashable, Sendable {
    /// The text between the quotes.
    package let value: String

    /// Makes a strong tag.
    package init(_ value: String) { self.value = value }

    /// The tag as the header field carries it.
    package var field: String { "\"\(value)\"" }
}
