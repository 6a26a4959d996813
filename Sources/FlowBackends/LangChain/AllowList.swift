/// Which import paths configurations may name.
///
/// `package.*` stands for every name of the modules below a package, `module:name*` for names of one module. The process
/// applies the same rules to what it finds there.
struct AllowList: Sendable {
    let patterns: [String]

    /// Whether a path such as `module:attribute` is meant by one of the patterns.
    func permits(_ path: String) -> Bool {
        patterns.contains { pattern in
            Self.matches(path.utf8[...], (pattern.contains(":") ? pattern : pattern + ":*").utf8[...])
        }
    }

    /// Whether a text is a pattern: names and dots, a colon at most, and stars for any text.
    static func isPattern(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count) && text.utf8.count <= 256
            && parts.allSatisfy { part in
                !part.isEmpty && part.unicodeScalars.allSatisfy { isOfNames($0) || $0 == "." || $0 == "*" }
            }
    }

    /// Whether a text is an import path such as `package.module:attribute.attribute`.
    static func isPath(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 512
            && parts.allSatisfy { part in
                part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { name in
                    !name.isEmpty && name.unicodeScalars.allSatisfy(isOfNames)
                }
            }
            && !parts[1].split(separator: ".").contains { $0.hasPrefix("_") }
    }

    private static func isOfNames(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isXIDContinue
    }

    /// Goes back to the last star alone, so that no pattern takes long.
    private static func matches(_ text: Substring.UTF8View, _ pattern: Substring.UTF8View) -> Bool {
        var (place, next) = (text.startIndex, pattern.startIndex)
        var retry: (place: Substring.UTF8View.Index, next: Substring.UTF8View.Index)?
        while place < text.endIndex {
            if next < pattern.endIndex, pattern[next] == UInt8(ascii: "*") {
                next = pattern.index(after: next)
                retry = (place, next)
            } else if next < pattern.endIndex, pattern[next] == text[place] {
                (place, next) = (text.index(after: place), pattern.index(after: next))
            } else if let last = retry {
                place = text.index(after: last.place)
                next = last.next
                retry = (place, next)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
