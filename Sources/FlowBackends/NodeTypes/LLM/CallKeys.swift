import FlowCore
import FlowJSON

/// What authenticates a call, which nothing may tell that the node gives back: services quote what they were sent.
struct CallKeys: SecretSource {
    private let keys: [String]

    /// Takes the keys of a call.
    init(_ configuration: LLMNodeConfiguration) {
        let names = ["authorization", "cookie", "key", "token", "secret"]
        let values = configuration.headers.filter { header in names.contains { header.name.lowercased().contains($0) } }
        // Shorter texts are no secrets, but what servers get that want none, such as "none", and words of many answers.
        // The longest first, should one be a part of another.
        keys = ([configuration.key].compactMap(\.self) + values.map(\.value))
            .filter { $0.utf8.count >= Secrets.minimumBytes }.sorted { $0.utf8.count > $1.utf8.count }
    }

    func secret(_ name: String) -> String? { nil }

    func redacted(_ text: String) -> String? {
        guard keys.contains(where: { text.contains($0) }) else { return nil }
        return keys.reduce(text) { text, key in
            text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "[redacted]")
        }
    }

    /// How many scalars at the end of a text may be the beginning of a key.
    func open(at end: String) -> Int {
        let text = end.unicodeScalars
        return keys.reduce(0) { longest, key in
            let lengths = stride(from: min(key.unicodeScalars.count - 1, text.count), to: longest, by: -1)
            return lengths.first { text.suffix($0).elementsEqual(key.unicodeScalars.prefix($0)) } ?? longest
        }
    }

    func redacted(_ object: JSONObject) -> JSONObject { redacted(JSONValue.object(object)).object ?? JSONObject() }
}
