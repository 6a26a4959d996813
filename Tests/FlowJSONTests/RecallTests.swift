import FlowJSON
import Testing

@Suite("JSON of which a part has come before", .timeLimit(.minutes(1)))
struct RecallTests {
    /// Parses a text as if others had come before it.
    static func parse(
        _ text: String, after earlier: [JSONRecall.Parsed] = [], limits: JSONLimits = JSONLimits()
    ) throws(JSONSyntaxError) -> (value: JSONValue, recall: JSONRecall?) {
        var recall: JSONRecall? = JSONRecall("w", known: earlier)
        let value = try JSONParser.parse(Array(text.utf8).span, limits: limits, recall: &recall)
        return (value, recall)
    }

    static func known(_ texts: String...) throws -> [JSONRecall.Parsed] {
        try texts.map { try #require(try parse("{\"w\":\($0)}").recall?.fresh) }
    }

    @Test("a member that came before is taken from memory, whatever is around it")
    func recalled() throws {
        let known = try Self.known("{\"a\":[1,{\"b\":2}]}", "{}", "{\"a\": 1}")
        for (text, index) in [
            ("{\"w\":{\"a\":[1,{\"b\":2}]}}", 0), (" {\"n\":1 , \"w\" : {} , \"z\":[]}", 1), ("{\"w\":{\"a\": 1}}", 2),
            ("{\"n\":{\"w\":0},\"w\":{\"a\": 1},\"m\":2}\n", 2),
        ] {
            let (value, recall) = try Self.parse(text, after: known)
            #expect(recall?.index == index && recall?.fresh == nil, "\(text)")
            #expect(try value == JSONParser.parse(text), "\(text)")
        }
    }

    @Test("another text is parsed and told, and so is one that differs by a byte")
    func fresh() throws {
        let known = try Self.known("{\"a\":1}")
        for text in ["{\"a\":2}", "{\"a\":1 }", "{ \"a\":1}", "{\"a\":1,\"b\":2}", "{\"b\":1}", "{\"a\":11}", "{}"] {
            let (value, recall) = try Self.parse("{\"w\":\(text),\"n\":1}", after: known)
            #expect(recall?.index == nil)
            #expect(recall?.fresh?.text == Array(text.utf8))
            #expect(try recall?.fresh?.value == JSONParser.parse(text))
            #expect(try value == JSONParser.parse("{\"w\":\(text),\"n\":1}"))
        }
    }

    @Test(
        "what is no object, or not of the outermost one, is neither told nor recalled",
        arguments: [
            "{\"w\":1}", "{\"w\":[{\"a\":1}]}", "{\"n\":{\"w\":{\"a\":1}}}", "[{\"w\":{\"a\":1}}]", "{\"v\":{\"a\":1}}",
        ])
    func elsewhere(text: String) throws {
        let (value, recall) = try Self.parse(text, after: try Self.known("{\"a\":1}"))
        #expect(recall?.index == nil && recall?.fresh == nil)
        #expect(try value == JSONParser.parse(text))
    }

    @Test(
        "what is wrong is refused at the same byte as without a memory",
        arguments: [
            "{\"w\":{\"a\":1}", "{\"w\":{\"a\":1}}}", "{\"w\":{\"a\":1}1}", "{\"w\":{\"a\":1},}",
            "{\"w\":{\"a\":1},\"w\":{\"a\":1}}",
            "{\"w\":{\"a\":1},\"w\":2}", "{\"w\":{\"a\":1", "{\"w\":{\"a\":1},\"n\":01}", "{\"w\":{\"a\":1]}",
        ])
    func refused(text: String) throws {
        let known = try Self.known("{\"a\":1}")
        let plain = #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(text) }
        let recalled = #expect(throws: JSONSyntaxError.self) { try Self.parse(text, after: known) }
        #expect(plain?.offset == recalled?.offset && plain?.reason == recalled?.reason)
    }

    @Test("the values of a recalled member count")
    func limits() throws {
        let text = "{\"w\":{\"a\":[1,2,3]},\"n\":1}"
        let known = try Self.known("{\"a\":[1,2,3]}")
        // The outermost object, the member's six less its own name's, and the number.
        for count in 1...8 {
            let limits = JSONLimits(values: count)
            let plain = Result { () throws(JSONSyntaxError) in try Self.parse(text, limits: limits).value }
            let recalled = Result { () throws(JSONSyntaxError) in
                try Self.parse(text, after: known, limits: limits).value
            }
            #expect((try? plain.get()) == (try? recalled.get()))
            #expect(((try? plain.get()) != nil) == (count >= 7))
        }
    }
}
