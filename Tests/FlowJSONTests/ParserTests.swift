import FlowJSON
import Testing

@Suite("reading JSON (RFC 8259)", .timeLimit(.minutes(1)))
struct ParserTests {
    static let accepted: [(text: String, value: JSONValue)] = [
        ("null", .null), ("true", true), ("false", false), ("0", 0), ("-0", .double(-0.0)), ("-1", -1),
        ("9223372036854775807", 9_223_372_036_854_775_807), ("-9223372036854775808", -9_223_372_036_854_775_808),
        ("1.5", 1.5), ("1e2", 100.0), ("1E+2", 100.0), ("1e-2", 0.01), ("0.1", 0.1), ("123.456e78", 123.456e78),
        ("5e-324", .double(.leastNonzeroMagnitude)), ("1.7976931348623157e308", 1.7976931348623157e308),
        ("1e-400", 0.0),
        ("\"\"", ""), ("\"a\"", "a"), ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{c}\n\r\t"), ("\"\\u0041\"", "A"),
        ("\"\\uD83D\\uDE00\"", "😀"), ("\"\\u0000\"", "\0"), ("\"😀é\u{7f}\"", "😀é\u{7f}"), ("\"\u{feff}\"", "\u{feff}"),
        ("[]", []), ("[1]", [1]), ("[[],[[]]]", [[], [[]]]), ("[1,\"a\",null]", [1, "a", .null]), ("{}", [:]),
        ("{\"a\":1}", ["a": 1]), ("{\"\":0}", ["": 0]), ("{\"a\":{\"b\":[]}}", ["a": ["b": []]]),
        (" \t\r\n[ 1 , 2 ]\n", [1, 2]),
    ]

    @Test("what the grammar has is read", arguments: accepted.indices)
    func accepts(index: Int) throws {
        let (text, value) = Self.accepted[index]
        #expect(try JSONParser.parse(text) == value, "\(text)")
    }

    static let refused: [(text: String, offset: Int)] = [
        ("", 0), (" ", 1), ("nul", 0), ("nulll", 4), ("True", 0), ("NaN", 0), ("Infinity", 0), ("-", 1), ("+1", 0),
        ("01", 1),
        ("-01", 2), ("1.", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("0x1", 1), ("1 2", 2), ("--1", 1), ("1.5.5", 3),
        ("[", 1), ("[1", 2), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("]", 0), ("[1]]", 3), ("{", 1), ("{\"a\"}", 4),
        ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{'a':1}", 1), ("{\"a\":1 \"b\":2}", 7), ("{1:1}", 1),
        ("\"", 1), ("\"a", 2), ("\"\\x\"", 2), ("\"\\u12\"", 3), ("\"\\u12G4\"", 3), ("\"\n\"", 1), ("\"\t\"", 1),
        ("\"\u{1}\"", 1),
        ("'a'", 0), ("//c\n1", 0), ("/**/1", 0), ("\u{feff}1", 0), ("{\"a\":1,\"a\":2}", 7),
        ("9223372036854775808", 0), ("-9223372036854775809", 0), ("1e309", 0), ("[1e999]", 1),
    ]

    @Test("anything else is refused at its byte", arguments: refused.indices)
    func refuses(index: Int) {
        let (text, offset) = Self.refused[index]
        do {
            let value = try JSONParser.parse(text)
            Issue.record("\(text) was read as \(value)")
        } catch {
            #expect(abs(error.offset - offset) <= 3, "\(text): \(error)")
        }
    }

    static let invalidUTF8: [[UInt8]] = [
        [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xC3, 0x28],
    ]

    @Test("text that is not UTF-8 is refused", arguments: invalidUTF8)
    func encoding(bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse([0x22] + bytes + [0x22]) }
    }

    @Test("half of a surrogate pair is refused", arguments: ["\\uD83D", "\\uDE00", "\\uD83D\\u0041", "\\uDE00\\uD83D"])
    func surrogates(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse("\"\(text)\"") }
    }

    @Test("nesting has a bound, and 100,000 levels do not exhaust the stack")
    func depth() throws {
        let limits = JSONLimits(depth: 10)
        let ten = String(repeating: "[", count: 10) + String(repeating: "]", count: 10)
        #expect(throws: Never.self) { try JSONParser.parse(ten, limits: limits) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse("[" + ten + "]", limits: limits) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test("the number of values has a bound")
    func values() {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse("[1,2,3]", limits: JSONLimits(values: 3)) }
    }

    @Test("a number that cannot be kept is told apart from broken text")
    func ranges() {
        for text in ["9223372036854775808", "1e400"] {
            do { _ = try JSONParser.parse(text) } catch { #expect(error.isRange) }
        }
    }
}
