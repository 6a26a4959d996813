extension JSONParser {
    /// Reads a quoted string; `position` stands on its opening quote.
    mutating func string(_ text: Span<UInt8>) throws(JSONSyntaxError) -> String {
        let start = position + 1
        var end = start
        var plain = true
        // Most strings hold neither an escape nor a byte beyond ASCII: then they are one copy.
        while end < text.count {
            let byte = text[end]
            if byte == UInt8(ascii: "\"") {
                if plain {
                    position = end + 1
                    return try decode(text.extracting(start..<end), at: start)
                }
                break
            }
            if byte == UInt8(ascii: "\\") {
                plain = false
                break
            }
            guard byte >= 0x20 else { throw JSONSyntaxError("unescaped control character in a string", at: end) }
            end += 1
        }
        guard end < text.count else { throw JSONSyntaxError("unterminated string", at: position) }
        return try escapedString(text, from: start)
    }

    private func decode(_ bytes: Span<UInt8>, at start: Int) throws(JSONSyntaxError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw JSONSyntaxError("invalid UTF-8", at: start + error.byteOffsets.lowerBound)
        }
    }

    /// Reads a string that holds at least one escape.
    private mutating func escapedString(_ text: Span<UInt8>, from start: Int) throws(JSONSyntaxError) -> String {
        let opening = position
        var chunk = start
        position = start
        var result = ""
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: "\"") {
                result += try decode(text.extracting(chunk..<position), at: chunk)
                position += 1
                return result
            }
            guard byte >= 0x20 else { throw JSONSyntaxError("unescaped control character in a string", at: position) }
            guard byte == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            result += try decode(text.extracting(chunk..<position), at: chunk)
            result.unicodeScalars.append(try escape(text))
            chunk = position
        }
        throw JSONSyntaxError("unterminated string", at: opening)
    }

    /// Reads one escape sequence; `position` stands on its backslash.
    private mutating func escape(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = position
        guard position + 1 < text.count else { throw JSONSyntaxError("unterminated string", at: position) }
        let kind = text[position + 1]
        position += 2
        switch kind {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw JSONSyntaxError("unknown escape", at: start)
        }
        let first = try hexadecimal(text, at: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        // A high surrogate is half a character: its low half has to follow (RFC 8259 section 7).
        guard (0xD800..<0xDC00).contains(first), position + 1 < text.count,
            text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "u")
        else { throw JSONSyntaxError("unpaired surrogate", at: start) }
        position += 2
        let second = try hexadecimal(text, at: start)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw JSONSyntaxError("unpaired surrogate", at: start) }
        return scalar
    }

    private mutating func hexadecimal(_ text: Span<UInt8>, at start: Int) throws(JSONSyntaxError) -> UInt32 {
        guard position + 4 <= text.count else { throw JSONSyntaxError("unterminated string", at: start) }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            let byte = text[position]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw JSONSyntaxError("\\u needs four hexadecimal digits", at: position)
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
