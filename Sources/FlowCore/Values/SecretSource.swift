public import FlowJSON

/// Where secrets are found by name.
public protocol SecretSource: Sendable {
    /// The secret of that name, or `nil` when there is none.
    func secret(_ name: String) -> String?

    /// The text with every secret in it made unreadable; `nil` when there is none in it.
    func redacted(_ text: String) -> String?

    /// What stands for a number that is a secret of digits, or holds one; `nil` when it does not.
    func redactedNumber(_ number: JSONValue) -> String?

    /// Where secrets are in the UTF-8 of a text that comes in pieces.
    ///
    /// - Parameter isComplete: Whether nothing follows the bytes.
    func search(_ bytes: [UInt8], isComplete: Bool) -> SecretSearch
}

/// What was found in a text.
public struct SecretSearch: Sendable {
    /// A place that holds a secret, and what stands for it.
    public struct Match: Sendable {
        /// The bytes that tell the secret.
        public let range: Range<Int>
        /// What is shown in their place.
        public let replacement: String
    }

    /// The places in their order. None overlaps another.
    public var matches: [Match] = []
    /// Where what may be the beginning of a secret begins; behind the last byte when there is no such thing.
    public var open: Int

    /// Makes a search that found nothing yet.
    public init(open: Int) { self.open = open }
}

extension SecretSource {
    /// What stands for a number whose text holds a secret.
    public func redactedNumber(_ number: JSONValue) -> String? { redacted(number.description) }

    /// Searches each piece by itself: a source that knows the beginnings of its secrets finds those that were split too.
    public func search(_ bytes: [UInt8], isComplete: Bool) -> SecretSearch {
        var search = SecretSearch(open: bytes.count)
        if let text = redacted(String(decoding: bytes, as: UTF8.self)) {
            search.matches = [SecretSearch.Match(range: 0..<bytes.count, replacement: text)]
        }
        return search
    }

    /// The value with every secret in it made unreadable.
    public func redacted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool: value
        case .integer, .double: redactedNumber(value).map { .string($0) } ?? value
        case .string(let text): redacted(text).map { .string($0) } ?? value
        case .array(let elements): .array(elements.map { redacted($0) })
        case .object(let object):
            .object(
                object.members.reduce(into: JSONObject()) { result, member in
                    result[redacted(member.name) ?? member.name] = redacted(member.value)
                })
        }
    }

    /// The notes with every secret in them made unreadable.
    public func redacted(_ notes: CompletionNotes) -> CompletionNotes {
        guard case .object(let metadata) = redacted(.object(notes.metadata)) else { return notes }
        return CompletionNotes(next: notes.next, metadata: metadata)
    }

    /// The result with every secret in it made unreadable.
    public func redacted(_ result: NodeResult) -> NodeResult {
        switch result {
        case .success(let output, let notes): .success(output: redacted(output), notes: notes.map { redacted($0) })
        case .failure(let failure): .failure(redacted(failure))
        case .interrupted(let prompt): .interrupted(prompt: redacted(prompt))
        }
    }

    /// The failure with every secret in it made unreadable. A code that holds one becomes `failed`: nobody could go by it.
    public func redacted(_ failure: NodeFailure) -> NodeFailure {
        NodeFailure(
            redacted(failure.code.rawValue) == nil ? failure.code : .failed,
            redacted(failure.message) ?? failure.message, retriable: failure.retriable,
            details: failure.details.map { redacted($0) })
    }
}
