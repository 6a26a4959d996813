extension PatternParser {
    /// What follows a backslash outside brackets.
    mutating func escape() throws(EvaluationError) -> PatternSyntax {
        switch peek(1) {
        case "A":
            position += 2
            return .assertion(.textStart)
        case "z":
            position += 2
            return .assertion(.textEnd)
        case "b":
            position += 2
            return .assertion(.wordBoundary)
        case "B":
            position += 2
            return .assertion(.noWordBoundary)
        default:
            if let parts = try classEscape() { return .set(ScalarSet(parts, ignoresCase: flags.ignoresCase)) }
            return .set(literal(try scalarEscape()))
        }
    }

    /// A set in brackets.
    mutating func bracketed() throws(EvaluationError) -> ScalarSet {
        position += 1
        var set = ScalarSet(isNegated: take("^" as Unicode.Scalar), ignoresCase: flags.ignoresCase)
        var isFirst = true
        while true {
            guard let scalar = next else { throw .pattern("'[' is not closed") }
            if scalar == "]", !isFirst {
                position += 1
                return set
            }
            isFirst = false
            if scalar == "[", peek(1) == ":" {
                set.parts += try posixClass()
                continue
            }
            if scalar == "\\", let parts = try classEscape() {
                set.parts += parts
                continue
            }
            let low = try member()
            guard next == "-", let end = peek(1), end != "]" else {
                set.parts.append(.range(low, low))
                continue
            }
            position += 1
            let high = try member()
            guard low <= high else { throw .pattern("a range ends before it begins") }
            set.parts.append(.range(low, high))
        }
    }

    private mutating func member() throws(EvaluationError) -> UInt32 {
        guard let scalar = next else { throw .pattern("'[' is not closed") }
        if scalar == "\\" { return try scalarEscape() }
        position += 1
        return scalar.value
    }

    private mutating func posixClass() throws(EvaluationError) -> [ScalarSet.Part] {
        position += 2
        let isNegated = take("^" as Unicode.Scalar)
        var name = ""
        while let scalar = next, scalar.isASCII, scalar.properties.isAlphabetic {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take(":]"), let parts = ScalarSet.posix[name] else { throw .pattern("unknown class '[:\(name):]'") }
        return isNegated ? [.complement(parts)] : parts
    }

    /// A class such as `\d` or `\p{Lu}`, `nil` when the escape is none.
    private mutating func classEscape() throws(EvaluationError) -> [ScalarSet.Part]? {
        let parts: [ScalarSet.Part]
        switch peek(1) {
        case "d": parts = ScalarSet.digits
        case "D": parts = [.complement(ScalarSet.digits)]
        case "s": parts = ScalarSet.spaces
        case "S": parts = [.complement(ScalarSet.spaces)]
        case "w": parts = ScalarSet.words
        case "W": parts = [.complement(ScalarSet.words)]
        case "p", "P": return [try property()]
        default: return nil
        }
        position += 2
        return parts
    }

    private mutating func property() throws(EvaluationError) -> ScalarSet.Part {
        var isNegated = peek(1) == "P"
        position += 2
        var name = ""
        if take("{" as Unicode.Scalar) {
            if take("^" as Unicode.Scalar) { isNegated.toggle() }
            while let scalar = next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard take("}" as Unicode.Scalar) else { throw .pattern("'\\p{' is not closed") }
        } else if let scalar = next {
            name = String(scalar)
            position += 1
        }
        guard let property = UnicodeProperty(name) else { throw .pattern("unknown property '\(name.shortened)'") }
        return .property(property, isNegated: isNegated)
    }

    /// One escaped code point.
    private mutating func scalarEscape() throws(EvaluationError) -> UInt32 {
        position += 1
        guard let scalar = next else { throw .pattern("it ends with a backslash") }
        position += 1
        switch scalar {
        case "a": return 0x07
        case "f": return 0x0C
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "v": return 0x0B
        case "x": return try hexadecimal()
        case "0"..."7":
            // A digit alone would refer to a group, which cannot be matched in linear time.
            guard scalar == "0" || next.map({ ("0"..."7").contains($0) }) == true else {
                throw .pattern("references to groups are not supported")
            }
            var number = scalar.value - 0x30
            for _ in 0..<2 {
                guard let digit = next, ("0"..."7").contains(digit) else { break }
                number = number * 8 + digit.value - 0x30
                position += 1
            }
            return number
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, scalar.properties.numericType == nil else {
                throw .pattern("unknown escape '\\\(scalar)'")
            }
            return scalar.value
        }
    }

    private mutating func hexadecimal() throws(EvaluationError) -> UInt32 {
        var digits = ""
        if take("{" as Unicode.Scalar) {
            while let scalar = next, scalar != "}" {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            guard take("}" as Unicode.Scalar) else { throw .pattern("'\\x{' is not closed") }
        } else {
            for _ in 0..<2 {
                guard let scalar = next else { break }
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            guard digits.unicodeScalars.count == 2 else { throw .pattern("'\\x' needs two digits") }
        }
        guard digits.utf8.allSatisfy({ Lexer.hexValue($0) != nil }), let number = UInt32(digits, radix: 16),
            number <= 0x10FFFF
        else { throw .pattern("'\\x' needs hexadecimal digits") }
        return number
    }
}
