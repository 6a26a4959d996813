/// A member of the outermost object whose text comes again and again, as with the workflow in submissions that differ by their
/// input.
///
/// Equal bytes mean the same, so a text that was parsed before is not parsed again. Only objects are recalled: the last byte
/// of one is its end, whatever follows.
public struct JSONRecall: Sendable {
    /// A text that was parsed.
    public struct Parsed: Sendable {
        /// The text, without what was around it.
        public let text: [UInt8]
        /// What it says.
        public let value: JSONValue
        /// How many values there are in it, itself included.
        let values: Int
    }

    /// The member's name.
    public let name: String
    /// The texts that are known.
    public let known: [Parsed]
    /// Longer texts are not told.
    let longest: Int
    /// Which of them the text has.
    public internal(set) var index: Int?
    /// The text, when it is another one than those.
    public internal(set) var fresh: Parsed?

    /// Makes what a parser needs.
    public init(_ name: String, known: [Parsed], longest: Int = .max) {
        self.name = name
        self.known = known
        self.longest = longest
    }
}

extension JSONParser {
    /// The value of the member that may have come before, which stands in the outermost object.
    mutating func recalledValue(_ text: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        if let index = recall?.known.firstIndex(where: { holds(text, $0) }), let parsed = recall?.known[index] {
            recall?.index = index
            position += parsed.text.count
            values += parsed.values
            return parsed.value
        }
        let start = position
        let earlier = values
        let value = try value(text, depth: 1)
        guard case .object = value, let recall, position - start <= recall.longest else { return value }
        self.recall?.fresh = JSONRecall.Parsed(
            text: (start..<position).map { text[$0] }, value: value, values: values - earlier)
        return value
    }

    /// Whether a known text stands here, and may.
    private func holds(_ text: Span<UInt8>, _ parsed: JSONRecall.Parsed) -> Bool {
        guard parsed.text.count <= text.count - position, values + parsed.values <= limits.values else { return false }
        let known = parsed.text.span
        for index in known.indices where known[index] != text[position + index] { return false }
        return true
    }
}
