/// What a client wishes beyond the request itself (RFC 7240).
package struct Preferences: Hashable, Sendable {
    /// The preferences by their names in lower case; a preference without a value has an empty one.
    private var values: [(name: String, value: String)] = []
    private var honoured: Set<String> = []
    /// Those that were honoured, as `Preference-Applied` says.
    package private(set) var applied: [String] = []

    /// Reads the values of `Prefer`. Of a preference that comes twice the first counts.
    package init(_ fields: [String]) {
        for field in fields {
            if let plain = Self.plain(field) {
                if !values.contains(where: { $0.name == plain.name }) { values.append(plain) }
                continue
            }
            for part in field.split(separator: ",") {
                // Parameters behind a semicolon belong to extensions, of which none is known here.
                let preference = part.split(separator: ";", maxSplits: 1).first ?? ""
                let pair = preference.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = pair[0].trimmed.lowercased()
                guard !name.isEmpty, !values.contains(where: { $0.name == name }) else { continue }
                var value = pair.count == 2 ? pair[1].trimmed : ""
                if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                    value = String(value.dropFirst().dropLast())
                }
                values.append((name, value))
            }
        }
    }

    /// The one preference of a field that has nothing to take apart but a name and a value, which is what most have.
    private static func plain(_ field: String) -> (name: String, value: String)? {
        let bytes = field.utf8
        var middle: String.Index?
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                continue
            case UInt8(ascii: "=") where middle == nil && index > bytes.startIndex: middle = index
            default: return nil
            }
        }
        guard let middle else { return bytes.isEmpty ? nil : (field, "") }
        return (String(field[..<middle]), String(field[bytes.index(after: middle)...]))
    }

    /// Honours a preference when it is there and `isKnown` takes its value.
    ///
    /// - Returns: the value.
    package mutating func apply(_ name: String, _ isKnown: (String) -> Bool = { $0.isEmpty }) -> String? {
        guard let value = values.first(where: { $0.name == name })?.value, isKnown(value) else { return nil }
        tell(name, value)
        return value
    }

    /// Honours `wait` (section 4.3) as far as the server does.
    ///
    /// - Returns: how long to wait; `nil` when the client does not wish it.
    package mutating func applyWait(atMost longest: Duration) -> Duration? {
        guard let text = values.first(where: { $0.name == "wait" })?.value, !text.isEmpty,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        let wait = min(Int64(text).map { .seconds($0) } ?? longest, longest)
        tell("wait", Self.seconds(wait))
        return wait
    }

    /// Honours `handling`, behind all others: when it is strict, those that were not honoured are an error (section 4.4).
    package mutating func applyHandling() throws(Problem) {
        guard apply("handling", { $0 == "strict" || $0 == "lenient" }) == "strict" else { return }
        let unknown = ignored
        guard unknown.isEmpty else {
            throw Problem(
                400, "preference", "The request asks for strict handling and has preferences that are not supported.",
                issues: unknown.map { Problem.Issue(parameter: "Prefer", "\"\($0)\" is not supported here") })
        }
    }

    /// A duration as the value of `wait`: whole seconds.
    package static func seconds(_ duration: Duration) -> String { String(duration.components.seconds) }

    /// Tells of a preference with the value that was honoured.
    package mutating func tell(_ name: String, _ value: String) {
        applied.append(value.isEmpty ? name : "\(name)=\(value)")
        honoured.insert(name)
    }

    /// The names of those that were not honoured.
    package var ignored: [String] { values.map(\.name).filter { !honoured.contains($0) } }

    /// The header field that tells what was honoured, if anything was.
    package var field: (name: String, value: String)? {
        applied.isEmpty ? nil : ("Preference-Applied", applied.joined(separator: ", "))
    }

    /// Two are equal when they say the same in the same order.
    package static func == (left: Self, right: Self) -> Bool { left.values.elementsEqual(right.values, by: ==) }

    /// Hashes names and values.
    package func hash(into hasher: inout Hasher) {
        for value in values {
            hasher.combine(value.name)
            hasher.combine(value.value)
        }
    }
}

extension StringProtocol {
    /// The text without spaces and tabs at its ends.
    var trimmed: String {
        var bytes = Substring(self).utf8
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
