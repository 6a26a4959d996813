import FlowCore
import FlowJSON
import Testing

@Suite("secrets")
struct SecretsTests {
    static let secrets = Secrets(["short": "key-1234", "long": "key-1234-and-more", "accents": "clé-privée"])

    @Test("a text is cleared of every value, the longest first, wherever it stands")
    func redaction() {
        for (text, cleared) in [
            ("", ""), ("nothing here", "nothing here"), ("key-1234", "[secret short]"),
            ("<key-1234-and-more>", "<[secret long]>"), ("key-1234key-1234", "[secret short][secret short]"),
            ("key-123", "key-123"), ("é key-1234\u{301}", "é [secret short]\u{301}"),
            ("a clé-privée", "a [secret accents]"),
        ] {
            #expect(Self.secrets.redact(text) == cleared)
            #expect(Self.secrets.redacted(text) == (text == cleared ? nil : cleared))
        }
        #expect(Secrets().redact("key-1234") == "key-1234")
    }

    @Test("a failure is cleared of them in its message, its details and its code")
    func failures() {
        let shown = Self.secrets.redacted(
            NodeFailure(
                NodeFailure.Code("x-key-1234"), "no key-1234", retriable: true, details: ["k": ["key-1234"]]))
        #expect(shown.code == .failed && shown.message == "no [secret short]" && shown.retriable)
        #expect(shown.details == ["k": ["[secret short]"]])
        #expect(Self.secrets.redacted(NodeFailure(.timeout, "late")).code == .timeout)
    }

    @Test("values are found by name and shown by nothing")
    func lookup() {
        #expect(Self.secrets["short"] == "key-1234" && Self.secrets["ghost"] == nil)
        #expect(Self.secrets.secret("short") == "key-1234" && Self.secrets.secret("no name") == nil)
        #expect(Self.secrets.names == ["accents", "long", "short"])
        var dumped = ""
        dump(Self.secrets, to: &dumped)
        for text in ["\(Self.secrets)", String(reflecting: Self.secrets), dumped] {
            #expect(text.contains("short") && !text.contains("key-1234") && !text.contains("clé"))
        }
    }

    @Test("a name has up to 64 letters, digits, '_', '-' or '.'")
    func names() {
        for name in ["a", "A1", "signing_key", "tls.key", String(repeating: "x", count: 64)] {
            #expect(SecretName(checking: name) != nil)
        }
        for name in ["", ".a", "-a", "_a", "a b", "a/b", "é", String(repeating: "x", count: 65)] {
            #expect(SecretName(checking: name) == nil)
        }
    }
}
