/// Reads a pattern in RE2's syntax.
struct PatternParser {
    /// How deep groups may nest.
    private static let maxDepth = 100
    /// How often a part may be asked to repeat.
    private static let maxRepetition = 1000

    struct Flags {
        var ignoresCase = false
        var multiline = false
        var dotMatchesNewline = false
        var isUngreedy = false
    }

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags = Flags()
    private(set) var groups = 0
    private var names: Set<String> = []
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    func peek(_ offset: Int) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    mutating func take(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    /// Reads the whole pattern.
    mutating func parse() throws(EvaluationError) -> PatternSyntax {
        guard scalars.count <= 10_000 else { throw .pattern("it is too long") }
        let syntax = try alternatives()
        guard next == nil else { throw .pattern("')' without '('") }
        return syntax
    }

    private mutating func alternatives() throws(EvaluationError) -> PatternSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { throw .pattern("it nests deeper than \(Self.maxDepth) groups") }
        var alternatives = [try sequence()]
        while take("|" as Unicode.Scalar) { alternatives.append(try sequence()) }
        return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
    }

    private mutating func sequence() throws(EvaluationError) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if take("\\Q") {
                while next != nil, !take("\\E") { parts.append(.set(literal(scalars[position].value, advance: true))) }
                continue
            }
            guard let part = try part() else { continue }
            parts.append(try repeated(part))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    mutating func literal(_ scalar: UInt32, advance: Bool = false) -> ScalarSet {
        if advance { position += 1 }
        return ScalarSet([.range(scalar, scalar)], ignoresCase: flags.ignoresCase)
    }

    // MARK: Repetition

    private mutating func repeated(_ part: PatternSyntax) throws(EvaluationError) -> PatternSyntax {
        guard let (least, most) = try repetition() else { return part }
        let isLazy = take("?" as Unicode.Scalar)
        let start = position
        if try repetition() != nil {
            position = start
            throw .pattern("a repetition is repeated")
        }
        return .repeated(part, least: least, most: most, isGreedy: isLazy == flags.isUngreedy)
    }

    private mutating func repetition() throws(EvaluationError) -> (least: Int, most: Int?)? {
        switch next {
        case "*":
            position += 1
            return (0, nil)
        case "+":
            position += 1
            return (1, nil)
        case "?":
            position += 1
            return (0, 1)
        case "{": return try counted()
        default: return nil
        }
    }

    /// `{2}`, `{2,}` or `{2,5}`. A brace of another form is itself.
    private mutating func counted() throws(EvaluationError) -> (least: Int, most: Int?)? {
        let start = position
        position += 1
        var least: Int?
        var most: Int?
        least = number()
        var isOpen = false
        if take("," as Unicode.Scalar) {
            most = number()
            isOpen = most == nil
        } else {
            most = least
        }
        guard let least, take("}" as Unicode.Scalar) else {
            position = start
            return nil
        }
        guard least <= Self.maxRepetition, most ?? 0 <= Self.maxRepetition, isOpen || least <= most ?? 0 else {
            throw .pattern("a repetition beyond 0 to \(Self.maxRepetition)")
        }
        return (least, isOpen ? nil : most)
    }

    private mutating func number() -> Int? {
        var number: Int?
        while let scalar = next, scalar.isASCII, let digit = Character(scalar).wholeNumberValue {
            number = min((number ?? 0) * 10 + digit, 1_000_000)
            position += 1
        }
        return number
    }

    // MARK: Parts

    /// One part, `nil` when it only sets flags.
    private mutating func part() throws(EvaluationError) -> PatternSyntax? {
        guard let scalar = next else { return nil }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracketed())
        case "*", "+", "?": throw .pattern("'\(scalar)' repeats nothing")
        case ".":
            position += 1
            return .set(ScalarSet(flags.dotMatchesNewline ? ScalarSet.all : [.complement(ScalarSet.newline)]))
        case "^":
            position += 1
            return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$":
            position += 1
            return .assertion(flags.multiline ? .lineEnd : .textEnd)
        case "\\": return try escape()
        case "{":
            let start = position
            if try counted() != nil { throw .pattern("'{' repeats nothing") }
            position = start
            return .set(literal(scalar.value, advance: true))
        default: return .set(literal(scalar.value, advance: true))
        }
    }

    private mutating func group() throws(EvaluationError) -> PatternSyntax? {
        position += 1
        guard take("?" as Unicode.Scalar) else { return try captured() }
        if take("P<") || (next == "<" && peek(1) != "=" && peek(1) != "!" && take("<" as Unicode.Scalar)) {
            var name = ""
            while let scalar = next,
                scalar == "_" || (scalar.isASCII && scalar.properties.isAlphabetic) || Character(scalar).isWholeNumber
            {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard take(">" as Unicode.Scalar), !name.isEmpty else { throw .pattern("a group's name is malformed") }
            guard names.insert(name).inserted else { throw .pattern("two groups are named '\(name)'") }
            return try captured()
        }
        let outer = flags
        try setFlags()
        if take(")" as Unicode.Scalar) { return nil }
        guard take(":" as Unicode.Scalar) else { throw .pattern("'(?' that is not supported") }
        let inner = try alternatives()
        guard take(")" as Unicode.Scalar) else { throw .pattern("'(' is not closed") }
        flags = outer
        return inner
    }

    private mutating func captured() throws(EvaluationError) -> PatternSyntax {
        let outer = flags
        groups += 1
        let index = groups
        let inner = try alternatives()
        guard take(")" as Unicode.Scalar) else { throw .pattern("'(' is not closed") }
        flags = outer
        return .group(inner, index)
    }

    private mutating func setFlags() throws(EvaluationError) {
        var value = true
        while let scalar = next, scalar != ":", scalar != ")" {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "m": flags.multiline = value
            case "s": flags.dotMatchesNewline = value
            case "U": flags.isUngreedy = value
            case "-" where value: value = false
            default: throw .pattern("'(?' that is not supported")
            }
        }
    }
}
