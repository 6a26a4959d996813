import FlowJSON
import Testing

@Suite("writing JSON", .timeLimit(.minutes(1)))
struct WriterTests {
    @Test("what is written reads back as the same value")
    func roundTrip() throws {
        var generator = SplitMix(state: 7)
        for _ in 0..<500 {
            let value = Self.value(&generator, depth: 4)
            #expect(try JSONParser.parse(value.description) == value)
        }
    }

    static let numbers: [Double] = [
        0.1, 1 / 3, 1e21, 1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 123456789.125, 1e100,
    ]

    @Test("doubles read back to the last bit", arguments: numbers)
    func doubles(number: Double) throws {
        let read = try JSONParser.parse(JSONValue.double(number).description)
        #expect(read.double?.bitPattern == number.bitPattern)
    }

    @Test("numbers that JSON lacks become null", arguments: [Double.nan, .infinity, -.infinity])
    func notNumbers(number: Double) { #expect(JSONValue.double(number).description == "null") }

    @Test("control characters, quotes and backslashes are escaped")
    func escapes() { #expect(JSONValue.string("a\"\\\n\u{1}\u{7f}é").description == "\"a\\\"\\\\\\n\\u0001\u{7f}é\"") }

    @Test("members keep their order, with few of them and with many")
    func order() throws {
        let names = (0..<40).map { "k\(($0 * 7) % 40)" }
        let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSONParser.parse(text).description == text)
    }

    @Test(
        "integers of every length are written",
        arguments: [0, 9, 10, -1, -9, -10, 99, 100, 1_000_000_007, .max, .min, .max - 1, .min + 1] as [Int64])
    func integers(number: Int64) {
        var writer = JSONWriter()
        writer.integer(number)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(number)")
    }

    @Test("names are told apart by their bytes, with few of them and with many")
    func spellings() throws {
        let few = try #require(try JSONParser.parse(#"{"\u00e9":1,"e\u0301":2}"#).object)
        #expect(few["\u{e9}"] == 1 && few["e\u{301}"] == 2)
        var many = few
        for number in 0..<40 { many["n\(number)"] = .integer(Int64(number)) }
        #expect(many.count == 42 && many["\u{e9}"] == 1 && many["e\u{301}"] == 2 && many["n7"] == 7)
    }

    @Test("objects are equal whatever their order")
    func equality() {
        let left: JSONValue = ["a": 1, "b": 2]
        let right: JSONValue = ["b": 2, "a": 1]
        #expect(left == right && left.hashValue == right.hashValue)
    }

    @Test("pointers escape what RFC 6901 says")
    func pointers() { #expect(JSONPointer(["a/b", 3, "m~n", ""]).description == "/a~1b/3/m~0n/") }

    private static func value(_ generator: inout SplitMix, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: .min ... .max, using: &generator))
        case 3: return .double(.random(in: -1e10...1e10, using: &generator))
        case 4:
            let scalars = (0..<Int.random(in: 0..<12, using: &generator)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x1_0FFF, using: &generator))
            }
            return .string(String(String.UnicodeScalarView(scalars)))
        case 5:
            return .array(
                (0..<Int.random(in: 0..<5, using: &generator)).map { _ in value(&generator, depth: depth - 1) })
        default:
            var object = JSONObject()
            for index in 0..<Int.random(in: 0..<32, using: &generator) {
                object["k\(index)"] = value(&generator, depth: depth - 1)
            }
            return .object(object)
        }
    }
}

/// A small generator whose numbers are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
