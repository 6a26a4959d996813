public import FlowJSON

/// Where secrets are found by name.
public protocol SecretSource: Sendable {
    /// The secret of that name, or `nil` when there is none.
    func secret(_ name: String) -> String?

    /// The text with every secret in it made unreadable; `nil` when there is none in it.
    func redacted(_ text: String) -> String?
}

extension SecretSource {
    /// The value with every secret in it made unreadable.
    public func redacted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .double: value
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
