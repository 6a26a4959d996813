/// What has to hold of a resource for a request to change it: `If-Match` and `If-None-Match` (RFC 9110 section 13.1).
package struct Preconditions: Sendable {
    /// The versions that a field names.
    private enum Versions: Sendable {
        case any
        case listed([(tag: String, isWeak: Bool)])
    }

    private let match: Versions?
    private let noneMatch: Versions?

    /// Reads the fields of a request.
    ///
    /// - Throws: ``Problem`` when one of them is no list of entity tags: what cannot be understood must not be taken for
    ///   a condition that holds.
    package init(_ fields: RequestFields) throws(Problem) {
        var issues: [Problem.Issue] = []
        func read(_ name: String) -> Versions? {
            let values = fields.values(name.lowercased())
            guard !values.isEmpty else { return nil }
            if let versions = Self.parse(values.joined(separator: ",")) { return versions }
            issues.append(
                Problem.Issue(
                    parameter: name, "expected \"*\" or entity tags such as \"\\\"3\\\"\", separated by commas"))
            return nil
        }
        match = read("If-Match")
        noneMatch = read("If-None-Match")
        guard issues.isEmpty else {
            throw Problem(400, "precondition", "The condition cannot be understood.", issues: issues)
        }
    }

    /// Whether the request may go on.
    ///
    /// - Parameter tag: The version that there is; `nil` when there is none.
    package func hold(for tag: EntityTag?) -> Bool {
        switch match {
        case nil: break
        case .any: guard tag != nil else { return false }
        case .listed(let tags):
            // By strong comparison: a weak tag stands for no exact version.
            guard let tag, tags.contains(where: { !$0.isWeak && $0.tag == tag.value }) else { return false }
        }
        switch noneMatch {
        case nil: return true
        case .any: return tag == nil
        case .listed(let tags): return !tags.contains { $0.tag == tag?.value }
        }
    }

    /// Reads `*`, or entity tags with commas between them. A tag may hold commas, and elements may be empty.
    private static func parse(_ text: String) -> Versions? {
        if text.trimmed == "*" { return .any }
        var tags: [(tag: String, isWeak: Bool)] = []
        var rest = text.utf8[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { return tags.isEmpty ? nil : .listed(tags) }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            let tag = rest[..<end]
            guard tag.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
            tags.append((String(Substring(tag)), isWeak))
            rest = rest[end...].dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
        }
    }
}
