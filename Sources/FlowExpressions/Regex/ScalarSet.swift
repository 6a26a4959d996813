/// A set of code points.
struct ScalarSet: Sendable {
    /// One part of a set.
    enum Part: Sendable {
        case range(UInt32, UInt32)
        case property(UnicodeProperty, isNegated: Bool)
        /// Another set, of which everything else is meant.
        case complement([Part])
    }

    var parts: [Part] = []
    var isNegated = false
    var ignoresCase = false

    init(_ parts: [Part] = [], isNegated: Bool = false, ignoresCase: Bool = false) {
        self.parts = parts
        self.isNegated = isNegated
        self.ignoresCase = ignoresCase
    }

    /// The one code point that the set holds, when it is one.
    var single: UInt32? {
        guard !isNegated, parts.count == 1, case .range(let low, let high) = parts[0], low == high else { return nil }
        return ignoresCase && Self.hasCase(low) ? nil : low
    }

    func contains(_ scalar: UInt32) -> Bool {
        if Self.contains(parts, scalar) { return !isNegated }
        guard ignoresCase else { return isNegated }
        for variant in Self.variants(of: scalar) where Self.contains(parts, variant) { return !isNegated }
        return isNegated
    }

    private static func contains(_ parts: [Part], _ scalar: UInt32) -> Bool {
        for part in parts {
            switch part {
            case .range(let low, let high): if scalar >= low, scalar <= high { return true }
            case .property(let property, let isNegated): if property.contains(scalar) != isNegated { return true }
            case .complement(let inner): if !contains(inner, scalar) { return true }
            }
        }
        return false
    }

    private static func hasCase(_ scalar: UInt32) -> Bool { variants(of: scalar).contains { $0 != scalar } }

    /// The code point in its other cases.
    private static func variants(of scalar: UInt32) -> [UInt32] {
        switch scalar {
        case 0x41...0x5A: return scalar == 0x4B ? [0x6B, 0x212A] : scalar == 0x53 ? [0x73, 0x17F] : [scalar | 0x20]
        case 0x61...0x7A: return scalar == 0x6B ? [0x4B, 0x212A] : scalar == 0x73 ? [0x53, 0x17F] : [scalar & ~0x20]
        case 0..<0x80: return []
        default: break
        }
        guard let value = Unicode.Scalar(scalar) else { return [] }
        var variants: [UInt32] = []
        for text in [value.properties.lowercaseMapping, value.properties.uppercaseMapping] {
            let scalars = text.unicodeScalars
            guard let only = scalars.first, scalars.count == 1, only != value else { continue }
            variants.append(only.value)
            // Letters with several small forms, such as σ and ς, meet in their capital.
            let back = only.properties.lowercaseMapping.unicodeScalars
            if back.count == 1, let small = back.first, small != value { variants.append(small.value) }
        }
        return variants
    }

    // MARK: Named sets

    static let digits: [Part] = [.range(0x30, 0x39)]
    static let spaces: [Part] = [.range(0x09, 0x0A), .range(0x0C, 0x0D), .range(0x20, 0x20)]
    static let words: [Part] = [.range(0x30, 0x39), .range(0x41, 0x5A), .range(0x5F, 0x5F), .range(0x61, 0x7A)]
    static let all: [Part] = [.range(0, 0x10FFFF)]
    static let newline: [Part] = [.range(0x0A, 0x0A)]

    static func isWord(_ scalar: UInt32) -> Bool { contains(words, scalar) }

    /// The classes that are written as `[:alpha:]`.
    static let posix: [String: [Part]] = [
        "alnum": [.range(0x30, 0x39), .range(0x41, 0x5A), .range(0x61, 0x7A)],
        "alpha": [.range(0x41, 0x5A), .range(0x61, 0x7A)],
        "ascii": [.range(0, 0x7F)],
        "blank": [.range(0x09, 0x09), .range(0x20, 0x20)],
        "cntrl": [.range(0, 0x1F), .range(0x7F, 0x7F)],
        "digit": digits,
        "graph": [.range(0x21, 0x7E)],
        "lower": [.range(0x61, 0x7A)],
        "print": [.range(0x20, 0x7E)],
        "punct": [.range(0x21, 0x2F), .range(0x3A, 0x40), .range(0x5B, 0x60), .range(0x7B, 0x7E)],
        "space": [.range(0x09, 0x0D), .range(0x20, 0x20)],
        "upper": [.range(0x41, 0x5A)],
        "word": words,
        "xdigit": [.range(0x30, 0x39), .range(0x41, 0x46), .range(0x61, 0x66)],
    ]
}
