import FlowCore
import FlowJSON
import Foundation
import Testing

@Suite("secrets in encodings")
struct SecretFormTests {
    @Test("a secret is found as JSON text, percent-encoded and in Base64, at every place in its groups")
    func forms() {
        let value = "li\"ne\n\\p/w+d é="
        let secrets = Secrets(["s": value])
        let escaped = "{\"a\":\"li\\\"ne\\n\\\\p/w+d é=\"}"
        #expect(secrets.redact(escaped) == "{\"a\":\"[secret s]\"}")
        #expect(secrets.redact("?q=li%22ne%0A%5Cp%2Fw%2Bd%20%C3%A9%3D&r=1") == "?q=[secret s]&r=1")
        #expect(secrets.redact("?q=li%22ne%0a%5cp%2fw%2bd%20%c3%a9%3d&r=1") == "?q=[secret s]&r=1")
        for before in ["", "a", "ab", "abc", "user:"] {
            for behind in ["", "x", "xy", "xyz"] {
                let encoded = Data((before + value + behind).utf8).base64EncodedString()
                let cleared = secrets.redact("Basic \(encoded) end")
                #expect(cleared.hasPrefix("Basic ") && cleared.hasSuffix(" end") && cleared.contains("[secret s]"))
                // What is left is no more than what stands around the secret.
                let left = cleared.replacing("[secret s]", with: "").dropFirst(6).dropLast(4).filter { $0 != "=" }
                #expect(
                    left.count * 6 <= (before.utf8.count + behind.utf8.count) * 8, "\(before) \(behind): \(cleared)")
            }
        }
    }

    @Test("a short secret is found as it is alone")
    func short() {
        let secrets = Secrets(["s": "a b"])
        #expect(secrets.redact("a b") == "[secret s]" && secrets.redact("a%20b YSBi") == "a%20b YSBi")
    }

    @Test("a secret of digits is found as a number, and no other number is changed")
    func numbers() {
        let secrets = Secrets(["pin": "12345678", "long": "123456789012345678901234567890", "big": "9007199254740993"])
        let value: JSONValue = [
            12_345_678, -12_345_678, 12_345_678.0, 1.2345678901234568e29, 9_007_199_254_740_993,
            1_234_567, 12_345_679, 9_007_199_254_740_992, 0.5, ["n": 12_345_678],
        ]
        let pin: JSONValue = "[secret pin]"
        #expect(
            secrets.redacted(value) == [
                pin, pin, pin, "[secret long]", "[secret big]",
                1_234_567, 12_345_679, 9_007_199_254_740_992, 0.5, ["n": pin],
            ])
        #expect(Secrets(["s": "no-digits"]).redacted([12_345_678] as JSONValue) == [12_345_678])
    }

    @Test("the beginning of a secret at the end of a text is told as long as more may follow")
    func open() {
        let secrets = Secrets(["short": "key-1234", "long": "key-1234-and-more"])
        for (text, open, matches) in [
            ("<key-1", 1, 0), ("<key-1234", 1, 0), ("<key-1234-and-more", 18, 1), ("<key-1235", 9, 0),
            ("<key-1234!", 10, 1), ("<key-key-", 5, 0),
        ] {
            let search = secrets.search(Array(text.utf8), isComplete: false)
            #expect(search.open == open && search.matches.count == matches, "\(text)")
        }
        let whole = secrets.search(Array("<key-1234".utf8), isComplete: true)
        #expect(whole.open == 9 && whole.matches.map(\.range) == [1..<9])
    }
}
