/// What `\p{…}` names: a general category or a script.
enum UnicodeProperty: Sendable {
    case category(Set<Unicode.GeneralCategory>)
    case script([ClosedRange<UInt32>])

    /// The property of a name, `nil` for names that are not known.
    init?(_ name: String) {
        if let categories = Self.categories[name] {
            self = .category(categories)
        } else if let ranges = Self.scripts[name] {
            self = .script(ranges)
        } else {
            return nil
        }
    }

    func contains(_ scalar: UInt32) -> Bool {
        switch self {
        case .category(let categories):
            Unicode.Scalar(scalar).map { categories.contains($0.properties.generalCategory) } ?? false
        case .script(let ranges): ranges.contains { $0.contains(scalar) }
        }
    }

    private static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let single: [String: Unicode.GeneralCategory] = [
            "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter, "Lm": .modifierLetter,
            "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark, "Me": .enclosingMark,
            "Nd": .decimalNumber, "Nl": .letterNumber, "No": .otherNumber, "Pc": .connectorPunctuation,
            "Pd": .dashPunctuation, "Ps": .openPunctuation, "Pe": .closePunctuation, "Pi": .initialPunctuation,
            "Pf": .finalPunctuation, "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol,
            "Sk": .modifierSymbol, "So": .otherSymbol, "Zs": .spaceSeparator, "Zl": .lineSeparator,
            "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format, "Cs": .surrogate, "Co": .privateUse,
        ]
        var categories: [String: Set<Unicode.GeneralCategory>] = [:]
        for (name, category) in single {
            categories[name] = [category]
            categories[String(name.prefix(1)), default: []].insert(category)
        }
        return categories
    }()

    /// The blocks that hold a script's letters.
    private static let scripts: [String: [ClosedRange<UInt32>]] = [
        "Any": [0...0x10FFFF],
        "Latin": [
            0x41...0x5A, 0x61...0x7A, 0xAA...0xAA, 0xBA...0xBA, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2B8, 0x1D00...0x1D25,
            0x1E00...0x1EFF, 0x2C60...0x2C7F, 0xA722...0xA787, 0xAB30...0xAB5A, 0xFB00...0xFB06, 0xFF21...0xFF3A,
            0xFF41...0xFF5A,
        ],
        "Greek": [
            0x370...0x373, 0x375...0x377, 0x37A...0x37D, 0x37F...0x37F, 0x384...0x384, 0x386...0x386, 0x388...0x38A,
            0x38C...0x38C, 0x38E...0x3A1, 0x3A3...0x3E1, 0x3F0...0x3FF, 0x1F00...0x1FFE, 0x2126...0x2126,
        ],
        "Cyrillic": [0x400...0x484, 0x487...0x52F, 0x1C80...0x1C88, 0x2DE0...0x2DFF, 0xA640...0xA69F],
        "Armenian": [0x531...0x556, 0x559...0x58A],
        "Hebrew": [0x591...0x5F4, 0xFB1D...0xFB4F],
        "Arabic": [
            0x600...0x604, 0x606...0x60B, 0x60D...0x61A, 0x61C...0x61E, 0x620...0x63F, 0x641...0x64A, 0x656...0x66F,
            0x671...0x6DC, 0x6DE...0x6FF, 0x750...0x77F, 0xFB50...0xFDFF, 0xFE70...0xFEFC,
        ],
        "Devanagari": [0x900...0x950, 0x955...0x963, 0x966...0x97F],
        "Bengali": [0x980...0x9FE],
        "Tamil": [0xB82...0xBFA],
        "Thai": [0xE01...0xE3A, 0xE40...0xE5B],
        "Georgian": [0x10A0...0x10FA, 0x10FC...0x10FF, 0x1C90...0x1CBF],
        "Hangul": [0x1100...0x11FF, 0x3131...0x318E, 0xA960...0xA97C, 0xAC00...0xD7A3],
        "Hiragana": [0x3041...0x3096, 0x309D...0x309F],
        "Katakana": [0x30A1...0x30FA, 0x30FD...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF6F, 0xFF71...0xFF9D],
        "Han": [
            0x2E80...0x2FD5, 0x3005...0x3005, 0x3007...0x3007, 0x3021...0x3029, 0x3038...0x303B, 0x3400...0x4DBF,
            0x4E00...0x9FFF, 0xF900...0xFAD9, 0x20000...0x323AF,
        ],
    ]
}
