extension Lexer {
    /// A number without its sign.
    ///
    /// - Throws: ``ExpressionError`` when it is malformed or beyond its range.
    mutating func number() throws(ExpressionError) -> Token.Kind {
        let start = position
        if byte() == UInt8(ascii: "0"), byte(1) == UInt8(ascii: "x") || byte(1) == UInt8(ascii: "X") {
            position += 2
            let digits = position
            skip { Self.hexValue($0) != nil }
            return try integer(from: start, digits: digits, radix: 16)
        }
        let digits = position
        skip(Self.isDigit)
        var isDouble = false
        if byte() == UInt8(ascii: "."), byte(1).map(Self.isDigit) == true {
            isDouble = true
            position += 1
            skip(Self.isDigit)
        }
        if byte() == UInt8(ascii: "e") || byte() == UInt8(ascii: "E") {
            let sign = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-") ? 1 : 0
            guard byte(1 + sign).map(Self.isDigit) == true else {
                throw error("the exponent has no digits", at: start)
            }
            isDouble = true
            position += 1 + sign
            skip(Self.isDigit)
        }
        guard isDouble else { return try integer(from: start, digits: digits, radix: 10) }
        try refuseLetter(start)
        let text = String(decoding: source[start..<position], as: UTF8.self)
        guard let number = Double(text), number.isFinite else {
            throw error("the number is beyond a double's range", at: start)
        }
        return .double(number)
    }

    private mutating func integer(from start: Int, digits: Int, radix: Int) throws(ExpressionError) -> Token.Kind {
        let text = String(decoding: source[digits..<position], as: UTF8.self)
        guard !text.isEmpty else { throw error("the number has no digits", at: start) }
        let isUnsigned = byte() == UInt8(ascii: "u") || byte() == UInt8(ascii: "U")
        if isUnsigned { position += 1 }
        try refuseLetter(start)
        guard let number = UInt64(text, radix: radix) else { throw error("the integer is beyond 64 bits", at: start) }
        return isUnsigned ? .uint(number) : .int(number)
    }

    private mutating func refuseLetter(_ start: Int) throws(ExpressionError) {
        guard let next = byte(), Self.isLetter(next) || Self.isDigit(next) else { return }
        throw error("the number is followed by '\(character(at: position))'", at: start)
    }

    private mutating func skip(_ isMember: (UInt8) -> Bool) {
        while let next = byte(), isMember(next) { position += 1 }
    }

    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
