import FlowJSON
import Testing

/// The canonical text by RFC 8785, with the numbers of its appendix B and the names of its section 3.2.3.
@Suite("the canonicalization scheme")
struct InterchangeTests {
    static func text(_ value: JSONValue) -> String { String(decoding: value.interchangeBytes, as: UTF8.self) }

    @Test(
        "doubles are written as ECMAScript writes them",
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5557, "333333333.33333343"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"), (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
            (0x3FF8_0000_0000_0000, "1.5"), (0x4059_0000_0000_0000, "100"),
        ] as [(UInt64, String)])
    func numbers(bits: UInt64, text: String) {
        #expect(Self.text(.double(Double(bitPattern: bits))) == text)
    }

    @Test("names go in the order of their UTF-16 units, and only what has to be escaped is")
    func names() throws {
        let text =
            #"{"€":1,"\r":2,"\ufb33":3,"1":4,"😀":5,"\u0080":6,"ö":7,"a":{"z":[true,null,"\b\f\u001f\"\\/"],"b":2}}"#
        let value = try JSONParser.parse(text)
        let order = ["\r", "1", "a", "\u{80}", "ö", "€", "😀", "\u{fb33}"]
        let written = Self.text(value)
        #expect(try JSONParser.parse(written).object?.members.map(\.name) == order)
        #expect(written.contains(#""a":{"b":2,"z":[true,null,"\b\f\u001f\"\\/"]}"#), "\(written)")
        #expect(written.hasPrefix(#"{"\r":2,"1":4"#))
    }

    @Test("what says the same has the same text, however it was written, and integers keep all their digits")
    func sameness() throws {
        let one = try JSONParser.parse(#"{"a": 1.0, "b": [1e2, 0.10]}"#)
        let other = try JSONParser.parse(#"{"b":[100,1e-1],"a":1}"#)
        #expect(Self.text(one) == Self.text(other) && Self.text(one) == #"{"a":1,"b":[100,0.1]}"#)
        #expect(Self.text(.integer(.max)) == "9223372036854775807")
    }
}
