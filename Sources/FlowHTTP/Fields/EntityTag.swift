/// The version of a representation (RFC 9110 section 8.8.3).
package struct EntityTag: Hashable, Sendable {
    /// The text between the quotes.
    package let value: String

    /// Makes a strong tag.
    package init(_ value: String) { self.value = value }

    /// The tag as the header field carries it.
    package var field: String { "\"\(value)\"" }

    /// Whether an `If-None-Match` names this version, by weak comparison (section 13.1.2).
    package func matches(ifNoneMatch fields: [String]) -> Bool {
        fields.flatMap { $0.split(separator: ",") }.contains { part in
            let tag = part.trimmed
            return tag == "*" || tag == field || tag == "W/" + field
        }
    }

    /// Whether an `If-Match` names this version, by strong comparison (section 13.1.1).
    package func matches(ifMatch fields: [String]) -> Bool {
        fields.flatMap { $0.split(separator: ",") }.contains { part in
            let tag = part.trimmed
            return tag == "*" || tag == field
        }
    }
}
