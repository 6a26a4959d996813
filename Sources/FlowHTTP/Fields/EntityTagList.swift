/// The versions that a condition names (RFC 9110 sections 13.1.1 and 13.1.2).
enum EntityTagList: Sendable {
    /// Whatever there is.
    case any
    /// One of these.
    case listed([(tag: String, isWeak: Bool)])

    /// Reads `*`, or entity tags with commas between them, or `nil` when the text is neither. A tag may hold commas, and
    /// elements may be empty.
    init?(_ text: String) {
        if text.trimmed == "*" {
            self = .any
            return
        }
        var tags: [(tag: String, isWeak: Bool)] = []
        var rest = text.utf8[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { break }
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
        guard !tags.isEmpty else { return nil }
        self = .listed(tags)
    }

    /// Whether a version that is there is one of them.
    ///
    /// - Parameters:
    ///   - tag: The version; `nil` when what is there has none, so that it is only one of any.
    ///   - isStrong: Whether a weak tag, which stands for no exact version, is left out.
    func contains(_ tag: EntityTag?, isStrong: Bool) -> Bool {
        switch self {
        case .any: true
        case .listed(let tags): tags.contains { $0.tag == tag?.value && !(isStrong && $0.isWeak) }
        }
    }
}
