/// What takes the place of a match: text, and `\1` for what a group captured.
struct Replacement {
    private enum Part {
        case text([Unicode.Scalar])
        case group(Int)
    }

    private var parts: [Part] = []

    init(_ text: String, groups: Int) throws(EvaluationError) {
        var rest = text.unicodeScalars[...]
        var plain: [Unicode.Scalar] = []
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                plain.append(scalar)
                continue
            }
            guard let code = rest.popFirst() else {
                throw EvaluationError(.invalidArgument, "the replacement ends with a backslash")
            }
            if code == "\\" {
                plain.append(code)
            } else if ("0"..."9").contains(code), Int(code.value - 0x30) <= groups {
                parts.append(.text(plain))
                parts.append(.group(Int(code.value - 0x30)))
                plain = []
            } else {
                throw EvaluationError(.invalidArgument, "the replacement refers to '\\\(code)', which is no group")
            }
        }
        parts.append(.text(plain))
    }

    func write(
        _ match: [Int], of text: [Unicode.Scalar], to output: inout String.UnicodeScalarView, _ frame: inout Frame
    ) throws(EvaluationError) {
        for part in parts {
            switch part {
            case .text(let scalars):
                try frame.write(scalars.count)
                output.append(contentsOf: scalars)
            case .group(let group):
                guard match[group * 2] >= 0 else { continue }
                let piece = text[match[group * 2]..<match[group * 2 + 1]]
                try frame.write(piece.count)
                output.append(contentsOf: piece)
            }
        }
    }
}
