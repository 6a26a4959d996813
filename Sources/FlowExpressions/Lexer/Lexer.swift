/// Cuts the source of an expression into tokens. It also finds the end of an expression inside another text.
struct Lexer {
    let source: [UInt8]
    var position: Int
    /// Up to where columns have been counted. Tokens come in order, so that counting them costs one pass.
    private var counted: SourcePlace

    /// Makes a lexer for the part of a text behind a place.
    init(_ source: [UInt8], from place: SourcePlace = .start) {
        self.source = source
        position = place.offset
        counted = place
    }

    /// The place of an offset, with its column.
    mutating func place(_ offset: Int) -> SourcePlace {
        if offset < counted.offset { counted = .start }
        for index in counted.offset..<min(offset, source.count) where source[index] & 0xC0 != 0x80 {
            counted.column += 1
        }
        counted.offset = offset
        return counted
    }

    mutating func error(_ message: String, at offset: Int) -> ExpressionError {
        ExpressionError(message, at: place(offset))
    }

    func byte(_ offset: Int = 0) -> UInt8? {
        position + offset < source.count ? source[position + offset] : nil
    }

    /// The next token.
    ///
    /// - Throws: ``ExpressionError`` when no token begins here.
    mutating func next() throws(ExpressionError) -> Token {
        skipSpace()
        let start = place(position)
        guard let first = byte() else { return Token(kind: .end, place: start) }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return Token(kind: try number(), place: start)
        case UInt8(ascii: ".") where byte(1).map(Self.isDigit) == true:
            return Token(kind: try number(), place: start)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return Token(kind: try literal(), place: start)
        case UInt8(ascii: "`"): return Token(kind: try quotedIdentifier(), place: start)
        case _ where Self.isLetter(first):
            if isPrefixOfLiteral { return Token(kind: try literal(), place: start) }
            return Token(kind: word(), place: start)
        default: return Token(kind: .symbol(try symbol(first)), place: start)
        }
    }

    private mutating func skipSpace() {
        while let next = byte() {
            switch next {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0C: position += 1
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
                while let skipped = byte(), skipped != UInt8(ascii: "\n"), skipped != UInt8(ascii: "\r") {
                    position += 1
                }
            default: return
            }
        }
    }

    private mutating func symbol(_ first: UInt8) throws(ExpressionError) -> Token.Symbol {
        if let second = byte(1),
            let symbol = Token.Symbol(rawValue: String(decoding: [first, second], as: UTF8.self))
        {
            position += 2
            return symbol
        }
        if let symbol = Token.Symbol(rawValue: String(decoding: [first], as: UTF8.self)) {
            position += 1
            return symbol
        }
        switch first {
        case UInt8(ascii: "="): throw error("'=' is no operator, equality is '=='", at: position)
        case UInt8(ascii: "&"): throw error("'&' is no operator, the logical one is '&&'", at: position)
        case UInt8(ascii: "|"): throw error("'|' is no operator, the logical one is '||'", at: position)
        default: throw error("unexpected character '\(character(at: position))'", at: position)
        }
    }

    /// The character at an offset, as errors show it.
    func character(at offset: Int) -> String {
        let rest = String(decoding: source[offset..<min(offset + 4, source.count)], as: UTF8.self)
        guard let scalar = rest.unicodeScalars.first else { return "" }
        return scalar.value < 0x20 || scalar.value == 0x7F
            ? "\\u{" + String(scalar.value, radix: 16) + "}" : String(scalar)
    }

    private mutating func word() -> Token.Kind {
        let start = position
        while let next = byte(), Self.isLetter(next) || Self.isDigit(next) { position += 1 }
        let text = String(decoding: source[start..<position], as: UTF8.self)
        switch text {
        case "true": return .true
        case "false": return .false
        case "null": return .null
        case "in": return .in
        default: return .identifier(text)
        }
    }

    private mutating func quotedIdentifier() throws(ExpressionError) -> Token.Kind {
        let start = position
        position += 1
        while let next = byte(), next != UInt8(ascii: "`") {
            switch next {
            case _ where Self.isLetter(next) || Self.isDigit(next): break
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: " "): break
            default:
                throw error("a name in backticks cannot hold '\(character(at: position))'", at: position)
            }
            position += 1
        }
        guard byte() != nil, position > start + 1 else {
            throw error(
                byte() == nil ? "the name in backticks does not end" : "the name in backticks is empty", at: start)
        }
        let text = String(decoding: source[(start + 1)..<position], as: UTF8.self)
        position += 1
        return .quotedIdentifier(text)
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
