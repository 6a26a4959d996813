import FlowCore
import FlowJSON

/// The key of a call, which nothing may tell that the node gives back: services quote what they were sent.
struct CallKey: SecretSource {
    private let key: String?

    /// Takes a key, when there is one.
    init(_ key: String?) { self.key = key }

    func secret(_ name: String) -> String? { nil }

    func redacted(_ text: String) -> String? {
        guard let key, text.contains(key) else { return nil }
        return text.split(separator: key, omittingEmptySubsequences: false).joined(separator: "[redacted]")
    }

    func redacted(_ object: JSONObject) -> JSONObject { redacted(JSONValue.object(object)).object ?? JSONObject() }
}
