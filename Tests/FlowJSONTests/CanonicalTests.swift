import FlowJSON
import Testing

@Suite("the canonical text of values", .timeLimit(.minutes(1)))
struct CanonicalTests {
    static let same: [(String, String)] = [
        ("{\"a\":1,\"b\":{\"d\":[],\"c\":{}}}", " { \"b\" : {\"c\":{},\"d\":[]}, \"a\":1 } "),
        ("{\"\\u0061\":\"\\u00e9\"}", "{\"a\":\"\u{E9}\"}"), ("[1e2,0.10]", "[100.0,0.1]"),
        ("{\"\u{E9}\":1,\"z\":2,\"Z\":3}", "{\"Z\":3,\"z\":2,\"\u{E9}\":1}"),
    ]

    @Test("it is the same for values that say the same", arguments: same.indices)
    func equality(index: Int) throws {
        let (left, right) = Self.same[index]
        let texts = try [left, right].map { try JSONParser.parse($0).canonicalBytes }
        #expect(texts[0] == texts[1])
    }

    static let different: [(String, String)] = [
        ("[1,2]", "[2,1]"), ("1", "1.0"), ("\"\u{E9}\"", "\"e\u{301}\""), ("{\"a\":null}", "{}"), ("\"1\"", "1"),
        ("{\"\u{E9}\":1}", "{\"e\u{301}\":1}"), ("0.0", "-0.0"),
    ]

    @Test("it is another one for values that do not", arguments: different.indices)
    func difference(index: Int) throws {
        let (left, right) = Self.different[index]
        let texts = try [left, right].map { try JSONParser.parse($0).canonicalBytes }
        #expect(texts[0] != texts[1])
    }

    @Test("it holds the names in the order of their bytes")
    func order() throws {
        let text = String(
            decoding: try JSONParser.parse("{\"b\":1,\"aa\":2,\"a\":[{\"y\":1,\"x\":2}],\"B\":3}").canonicalBytes,
            as: UTF8.self)
        #expect(text == "{\"B\":3,\"a\":[{\"x\":2,\"y\":1}],\"aa\":2,\"b\":1}")
    }
}
