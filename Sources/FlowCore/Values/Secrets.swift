/// What a server knows and tells nobody: keys and passwords, each under a name.
///
/// Clients name secrets; the values are looked up at the moment of use and get into no journal, answer, error or log.
/// Whatever shows this value shows the names alone.
public struct Secrets: Sendable {
    /// The shortest value that is taken, in bytes: a shorter one could be guessed, and ``redact(_:)`` would find it by
    /// chance.
    public static let minimumBytes = 8

    private let values: [SecretName: String]
    /// The values that texts are searched for, the longest first, so that none is left over that holds another.
    private let needles: [(name: SecretName, bytes: [UInt8])]

    /// Takes secrets by name. The values are not checked.
    public init(_ values: [SecretName: String] = [:]) {
        self.values = values
        needles = values.filter { !$0.value.isEmpty }.map { ($0.key, Array($0.value.utf8)) }.sorted { left, right in
            left.bytes.count != right.bytes.count ? left.bytes.count > right.bytes.count : left.name < right.name
        }
    }

    /// The value of a secret, or `nil` when there is none of that name.
    public subscript(name: SecretName) -> String? { values[name] }

    /// The names of all secrets in order.
    public var names: [SecretName] { values.keys.sorted() }

    /// The text with each value of a secret replaced by the secret's name: what may hold one without anybody's intent,
    /// such as the message of a library, goes through here before it is kept or told.
    public func redact(_ text: String) -> String {
        guard !needles.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        var isChanged = false
        while place < bytes.count {
            let rest = bytes[place...]
            if let found = needles.first(where: { rest.starts(with: $0.bytes) }) {
                result += "[secret \(found.name)]".utf8
                place += found.bytes.count
                isChanged = true
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return isChanged ? String(decoding: result, as: UTF8.self) : text
    }
}

extension Secrets: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names.
    public var description: String { "secrets \(names.map(\.rawValue))" }

    /// The names.
    public var debugDescription: String { description }

    /// The names, so that no dump shows a value either.
    public var customMirror: Mirror { Mirror(self, children: ["names": names.map(\.rawValue)]) }
}
