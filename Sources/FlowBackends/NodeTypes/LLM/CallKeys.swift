import FlowCore
import FlowJSON

/// What authenticates a call, which nothing may tell that the node gives back: services quote what they were sent.
struct CallKeys: SecretSource {
    /// Shorter texts are no secrets, but what servers get that want none, such as "none", and words of many answers.
    private static let shortest = 8

    private let keys: [String]

    /// Takes the keys of a call.
    init(_ configuration: LLMNodeConfiguration) {
        let names = ["authorization", "cookie", "key", "token", "secret"]
        let values = configuration.headers.filter { header in names.contains { header.name.lowercased().contains($0) } }
        // The longest first, should one be a part of another.
        keys = ([configuration.key].compactMap(\.self) + values.map(\.value))
            .filter { $0.utf8.count >= Self.shortest }.sorted { $0.utf8.count > $1.utf8.count }
    }

    func secret(_ name: String) -> String? { nil }

    func redacted(_ text: String) -> String? {
        guard keys.contains(where: { text.contains($0) }) else { return nil }
        return keys.reduce(text) { text, key in
            text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "[redacted]")
        }
    }

    func redacted(_ object: JSONObject) -> JSONObject { redacted(JSONValue.object(object)).object ?? JSONObject() }
}
