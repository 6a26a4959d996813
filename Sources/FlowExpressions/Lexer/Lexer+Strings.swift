extension Lexer {
    /// Whether a text or bytes in quotes begin here with a prefix: `r`, `b` or `br`.
    var isPrefixOfLiteral: Bool {
        func isQuote(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
        switch byte() {
        case UInt8(ascii: "r"), UInt8(ascii: "R"): return isQuote(byte(1))
        case UInt8(ascii: "b"), UInt8(ascii: "B"):
            if isQuote(byte(1)) { return true }
            return (byte(1) == UInt8(ascii: "r") || byte(1) == UInt8(ascii: "R")) && isQuote(byte(2))
        default: return false
        }
    }

    /// A text or bytes in quotes.
    ///
    /// - Throws: ``ExpressionError`` when the quotes are not closed or an escape is wrong.
    mutating func literal() throws(ExpressionError) -> Token.Kind {
        let start = position
        var isRaw = false
        var isBytes = false
        while let prefix = byte(), Self.isLetter(prefix) {
            if prefix == UInt8(ascii: "r") || prefix == UInt8(ascii: "R") { isRaw = true } else { isBytes = true }
            position += 1
        }
        guard let quote = byte() else { throw error("the string does not end", at: start) }
        let isTriple = byte(1) == quote && byte(2) == quote
        position += isTriple ? 3 : 1
        var content: [UInt8] = []
        while true {
            guard let next = byte() else { throw error("the string does not end", at: start) }
            if next == quote, !isTriple || (byte(1) == quote && byte(2) == quote) {
                position += isTriple ? 3 : 1
                break
            }
            switch next {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                guard isTriple else { throw error("the string does not end on its line", at: start) }
                content.append(next)
                position += 1
            case UInt8(ascii: "\\") where !isRaw: try escape(into: &content, isBytes: isBytes)
            default:
                content.append(next)
                position += 1
            }
        }
        return isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
    }

    private mutating func escape(into content: inout [UInt8], isBytes: Bool) throws(ExpressionError) {
        let start = position
        guard let code = byte(1) else { throw error("the string does not end", at: start) }
        position += 2
        switch code {
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            content.append(code)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            try add(try hexDigits(2, start), to: &content, isByte: isBytes, start)
        case UInt8(ascii: "u") where !isBytes: try add(try hexDigits(4, start), to: &content, isByte: false, start)
        case UInt8(ascii: "U") where !isBytes: try add(try hexDigits(8, start), to: &content, isByte: false, start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            var number = UInt32(code - UInt8(ascii: "0"))
            for _ in 0..<2 {
                guard let digit = byte(), digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "7") else {
                    throw error("an octal escape has three digits", at: start)
                }
                number = number * 8 + UInt32(digit - UInt8(ascii: "0"))
                position += 1
            }
            try add(number, to: &content, isByte: isBytes, start)
        default: throw error("unknown escape '\\\(character(at: start + 1))'", at: start)
        }
    }

    private mutating func hexDigits(_ count: Int, _ start: Int) throws(ExpressionError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<count {
            guard let digit = byte().flatMap(Self.hexValue) else {
                throw error("the escape needs \(count) hexadecimal digits", at: start)
            }
            number = number << 4 | digit
            position += 1
        }
        return number
    }

    private mutating func add(
        _ number: UInt32, to content: inout [UInt8], isByte: Bool, _ start: Int
    ) throws(ExpressionError) {
        if isByte {
            content.append(UInt8(truncatingIfNeeded: number))
        } else if let scalar = Unicode.Scalar(number) {
            content.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            throw error("the escape names no code point", at: start)
        }
    }
}
