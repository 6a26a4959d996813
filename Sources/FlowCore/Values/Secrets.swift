public import FlowJSON

/// What a server knows and tells nobody: keys and passwords, each under a name.
///
/// Clients name secrets; the values are looked up at the moment of use and get into no journal, answer, error or log.
/// Whatever shows this value shows the names alone.
public struct Secrets: Sendable {
    /// The shortest value that is taken, in bytes: a shorter one could be guessed, and ``redact(_:)`` would find it by
    /// chance.
    public static let minimumBytes = 8

    private let values: [SecretName: String]
    /// What texts are searched for, by its first byte, the longest first, so that none is left over that holds another.
    private let needles: [[SecretForm]]
    /// The length of the shortest of them.
    private let shortest: Int
    /// The secrets that may come back as a number, by what a number keeps of them.
    private let numbers: [Double: SecretName]

    /// Takes secrets by name. The values are not checked.
    public init(_ values: [SecretName: String] = [:]) {
        self.values = values
        let forms = values.flatMap { SecretForm.all(of: $0.value, named: $0.key) }.sorted { left, right in
            left.bytes.count != right.bytes.count ? left.bytes.count > right.bytes.count : left.name < right.name
        }
        var needles = [[SecretForm]](repeating: [], count: 256)
        for form in forms { needles[Int(form.bytes[0])].append(form) }
        self.needles = needles
        shortest = forms.last?.bytes.count ?? .max
        let digits = values.filter { secret in
            secret.value.utf8.count >= Self.minimumBytes
                && secret.value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        numbers = Dictionary(
            digits.compactMap { secret in Double(secret.value).map { ($0, secret.key) } },
            uniquingKeysWith: { min($0, $1) })
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
        let search = search(bytes, isComplete: true)
        guard !search.matches.isEmpty else { return nil }
        var result: [UInt8] = []
        var copied = 0
        for match in search.matches {
            result += bytes[copied..<match.range.lowerBound]
            result += match.replacement.utf8
            copied = match.range.upperBound
        }
        result += bytes[copied...]
        return String(decoding: result, as: UTF8.self)
    }

    /// The name of the secret that a number is. A number keeps no zeros at the beginning of a secret.
    public func redactedNumber(_ number: JSONValue) -> String? {
        guard !numbers.isEmpty, let value = number.double, let name = numbers[value.magnitude] else { return nil }
        if case .integer(let exact) = number {
            // Doubles are coarser than integers.
            guard let secret = values[name].flatMap({ UInt64($0) }), secret == exact.magnitude else { return nil }
        }
        return "[secret \(name)]"
    }

    /// Where values of secrets are in a text, as they are or encoded, and where one may begin at its end.
    public func search(_ bytes: [UInt8], isComplete: Bool) -> SecretSearch {
        var search = SecretSearch(open: bytes.count)
        guard !isComplete || bytes.count >= shortest else { return search }
        var free = 0
        var place = 0
        while place < bytes.count {
            let candidates = needles[Int(bytes[place])]
            guard !candidates.isEmpty else {
                place += 1
                continue
            }
            let rest = bytes[place...]
            // A longer one that may still come goes before a shorter one that is there.
            if !isComplete, candidates.contains(where: { $0.mayBegin(rest) }) {
                search.open = place
                break
            }
            guard let found = candidates.first(where: { rest.starts(with: $0.bytes) }) else {
                place += 1
                continue
            }
            let range = found.range(at: place, in: bytes, from: free)
            search.matches.append(SecretSearch.Match(range: range, replacement: "[secret \(found.name)]"))
            place = range.upperBound
            free = place
        }
        return search
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
