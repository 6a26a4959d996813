/// A strict parser for RFC 8259 texts.
///
/// It refuses what the RFC leaves to the parser and what would lose information: names that occur twice,
/// unpaired surrogates, invalid UTF-8, integers beyond 64 bits and numbers beyond a double's range.
/// Every refusal names the byte.
public struct JSONParser: Sendable {
    let limits: JSONLimits
    var position = 0
    var values = 0
    /// The member whose text may have come before.
    var recall: JSONRecall?

    private init(limits: JSONLimits, recall: JSONRecall?) {
        self.limits = limits
        self.recall = recall
    }

    /// Parses one JSON text.
    ///
    /// - Throws: ``JSONSyntaxError`` with the offset of the first offending byte.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) -> JSONValue {
        try parse(bytes.span, limits: limits)
    }

    /// Parses one JSON text.
    ///
    /// - Throws: ``JSONSyntaxError`` with the offset of the first offending byte.
    public static func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) -> JSONValue {
        try parse(Array(text.utf8).span, limits: limits)
    }

    /// Parses one JSON text.
    ///
    /// - Throws: ``JSONSyntaxError`` with the offset of the first offending byte.
    public static func parse(_ text: Span<UInt8>, limits: JSONLimits) throws(JSONSyntaxError) -> JSONValue {
        var recall: JSONRecall?
        return try parse(text, limits: limits, recall: &recall)
    }

    /// Parses one JSON text, of which a part may have been parsed before.
    ///
    /// - Parameter recall: The part, and what is known of it; told afterwards whether that was so.
    /// - Throws: ``JSONSyntaxError`` with the offset of the first offending byte.
    public static func parse(
        _ text: Span<UInt8>, limits: JSONLimits, recall: inout JSONRecall?
    ) throws(JSONSyntaxError) -> JSONValue {
        var parser = JSONParser(limits: limits, recall: recall)
        defer { recall = parser.recall }
        parser.skipSpace(text)
        let value = try parser.value(text, depth: 0)
        parser.skipSpace(text)
        guard parser.position == text.count else {
            throw JSONSyntaxError("unexpected text after the value", at: parser.position)
        }
        return value
    }

    @inline(__always)
    private mutating func skipSpace(_ text: Span<UInt8>) {
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    mutating func value(_ text: Span<UInt8>, depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard position < text.count else { throw JSONSyntaxError("unexpected end of text", at: position) }
        values += 1
        guard values <= limits.values else { throw JSONSyntaxError("more than \(limits.values) values", at: position) }
        switch text[position] {
        case UInt8(ascii: "{"): return .object(try object(text, depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(text, depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string(text))
        case UInt8(ascii: "t"): return try literal("true", .bool(true), text)
        case UInt8(ascii: "f"): return try literal("false", .bool(false), text)
        case UInt8(ascii: "n"): return try literal("null", .null, text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(text)
        default: throw unexpected(text, expected: "a value")
        }
    }

    private mutating func object(_ text: Span<UInt8>, depth: Int) throws(JSONSyntaxError) -> JSONObject {
        try enter(depth)
        var members = JSONObject()
        skipSpace(text)
        if take(UInt8(ascii: "}"), text) { return members }
        while true {
            guard position < text.count, text[position] == UInt8(ascii: "\"") else {
                throw unexpected(text, expected: "a name in quotes")
            }
            let start = position
            let name = try string(text)
            skipSpace(text)
            guard take(UInt8(ascii: ":"), text) else { throw unexpected(text, expected: "':'") }
            skipSpace(text)
            let isRecalled = depth == 1 && recall?.name == name
            let value = isRecalled ? try recalledValue(text) : try value(text, depth: depth)
            guard members.add(name, value) else {
                throw JSONSyntaxError("the name \"\(name.prefix(64))\" occurs twice in one object", at: start)
            }
            skipSpace(text)
            if take(UInt8(ascii: "}"), text) { return members }
            guard take(UInt8(ascii: ","), text) else { throw unexpected(text, expected: "',' or '}'") }
            skipSpace(text)
        }
    }

    private mutating func array(_ text: Span<UInt8>, depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        try enter(depth)
        var elements: [JSONValue] = []
        skipSpace(text)
        if take(UInt8(ascii: "]"), text) { return elements }
        while true {
            elements.append(try value(text, depth: depth))
            skipSpace(text)
            if take(UInt8(ascii: "]"), text) { return elements }
            guard take(UInt8(ascii: ","), text) else { throw unexpected(text, expected: "',' or ']'") }
            skipSpace(text)
        }
    }

    private mutating func enter(_ depth: Int) throws(JSONSyntaxError) {
        guard depth <= limits.depth else {
            throw JSONSyntaxError("nested deeper than \(limits.depth) levels", at: position)
        }
        position += 1
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func literal(
        _ word: String, _ value: JSONValue, _ text: Span<UInt8>
    ) throws(JSONSyntaxError) -> JSONValue {
        for byte in word.utf8 where !take(byte, text) { throw unexpected(text, expected: "'\(word)'") }
        return value
    }

    func unexpected(_ text: Span<UInt8>, expected: String) -> JSONSyntaxError {
        position < text.count
            ? JSONSyntaxError("expected \(expected)", at: position)
            : JSONSyntaxError("unexpected end of text, expected \(expected)", at: position)
    }
}
