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

    /// Honours a preference when it is there and `isKnown` takes its value.
    ///
    /// - Returns: the value.
    package mutating func apply(_ name: String, _ isKnown: (String) -> Bool = { $0.isEmpty }) -> String? {
        guard let value = values.first(where: { $0.name == name })?.value, isKnown(value) else { return nil }
        applied.append(value.isEmpty ? name : "\(name)=\(value)")
        honoured.insert(name)
        return value
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
