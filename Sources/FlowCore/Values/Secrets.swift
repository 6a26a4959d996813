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
    /// Whether a value begins with a byte, by the byte.
    private let begins: [Bool]
    /// The length of the shortest value.
    private let shortest: Int

    /// Takes secrets by name. The values are not checked.
    public init(_ values: [SecretName: String] = [:]) {
        self.values = values
        needles = values.filter { !$0.value.isEmpty }.map { ($0.key, Array($0.value.utf8)) }.sorted { left, right in
            left.bytes.count != right.bytes.count ? left.bytes.count > right.bytes.count : left.name < right.name
        }
        var begins = [Bool](repeating: false, count: 256)
        for needle in needles { begins[Int(needle.bytes[0])] = true }
        self.begins = begins
        shortest = needles.last?.bytes.count ?? .max
    }

    /// The value of a secret, or `nil` when there is none of that name.
    public subscript(name: SecretName) -> String? { values[name] }

    /// The names of all secrets in order.
    public var names: [SecretName] { values.keys.sorted() }

    /// Whether there is none.
    public var isEmpty: Bool { values.isEmpty }

    /// The text with each value of a secret replaced by the secret's name: what may hold one without anybody's intent,
    /// such as the message of a library, goes through here before it is kept or told.
    public func redact(_ text: String) -> String { redacted(text) ?? text }
}

extension Secrets: SecretSource {
    /// The value of a secret, or `nil` when there is none of that name.
    public func secret(_ name: String) -> String? { SecretName(checking: name).flatMap { values[$0] } }

    /// The text with each value of a secret replaced by the secret's name; `nil` when there is none in it.
    public func redacted(_ text: String) -> String? {
        guard text.utf8.count >= shortest else { return nil }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        /// Up to where the text is in the result.
        var copied = 0
        var place = 0
        while place <= bytes.count - shortest {
            guard begins[Int(bytes[place])],
                let found = needles.first(where: { bytes[place...].starts(with: $0.bytes) })
            else {
                place += 1
                continue
            }
            result += bytes[copied..<place]
            result += "[secret \(found.name)]".utf8
            place += found.bytes.count
            copied = place
        }
        guard copied > 0 else { return nil }
        result += bytes[copied...]
        return String(decoding: result, as: UTF8.self)
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
