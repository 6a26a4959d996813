import FlowExpressions
import FlowJSON
import Testing

@Suite struct PatternTests {
    @Test(
        "patterns match as RE2 does",
        arguments: [
            ("abc", "xabcx", true), ("^abc$", "abc", true), ("^abc$", "abcd", false), ("", "", true), ("a*", "", true),
            ("a+", "", false), ("ab?c", "ac", true), ("a{2,3}", "aa", true), ("^a{2,3}$", "aaaa", false),
            ("^a{2,}$", "aaaa", true),
            ("^a{2}$", "aaa", false), ("a|b|c", "c", true), ("gr(a|e)y", "grey", true), ("^(?:ab)+$", "abab", true),
            (".", "\n", false), ("(?s).", "\n", true), ("^b$", "a\nb", false), ("(?m)^b$", "a\nb\nc", true),
            ("(?i)HeLLo", "hEllO", true), ("(?i:a)b", "Ab", true), ("(?i:a)b", "AB", false),
            ("(?i)straße", "STRAßE", true),
            ("(?i)σ", "ς", true), ("(?i)k", "\u{212A}", true), ("[a-c]", "b", true), ("[^a-c]", "b", false),
            ("[]a]", "]", true),
            ("[a-]", "-", true), ("[\\d-x]", "5", true), ("\\d+", "a12", true), ("^\\D+$", "a12", false),
            ("\\w\\s\\w", "a b", true),
            ("\\S", " ", false), ("\\bcat\\b", "a cat.", true), ("\\bcat\\b", "concat", false),
            ("\\Bcat", "concat", true),
            ("[[:alpha:]]+[[:^digit:]]", "ab", true), ("\\p{Lu}", "É", true), ("\\p{Lu}", "é", false),
            ("\\pL", "é", true),
            ("\\P{L}", "é", false), ("\\p{^L}", "1", true), ("\\p{Greek}", "λ", true),
            ("^\\p{Cyrillic}+$", "привет", true),
            ("^\\p{Han}$", "漢", true), ("\\x41\\x{1F431}", "A🐱", true), ("\\101", "A", true),
            ("\\Qa.b\\E", "a.b", true),
            ("\\Qa.b\\E", "axb", false), ("\\.", ".", true), ("a{,2}", "a{,2}", true), ("x{a", "x{a", true),
            ("^.$", "🐱", true),
            ("(?P<year>\\d{4})", "2024", true), ("(?<year>\\d{4})", "2024", true), ("\\Aab\\z", "ab", true),
            ("a.*?b", "axxb", true),
            ("mañana", "la mañana", true), ("(a*)*$", "aaa", true), ("(|a)*b", "aab", true),
            ("^(a|ab)(c|bcd)$", "abcd", true),
        ])
    func matches(pattern: String, text: String, expected: Bool) throws {
        let variables: JSONObject = ["p": .string(pattern), "t": .string(text)]
        #expect(try json("t.matches(p)", variables) == .bool(expected))
        #expect(try json("matches(t, p)", variables) == .bool(expected))
    }

    @Test(
        "patterns that are malformed, or need more than linear time, are refused",
        arguments: [
            "(", ")", "[", "[a", "*a", "a**", "a{2}{3}", "a{1001}", "a{3,2}", "\\1", "(a)\\1", "(?=a)", "(?!a)",
            "(?<=a)", "(?<!a)", "\\q",
            "\\", "[z-a]", "[[:nope:]]", "\\p{Nope}", "\\x{110000}", "\\xZZ", "(?z)", "(?P<1", "(?<a>x)(?<a>y)",
            "a{1000}{1000}",
            "(a{1000}){1000}", "((a{100}){100}){100}",
            "(((((((((){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}",
            String(repeating: "(", count: 5000) + String(repeating: ")", count: 5000),
            String(repeating: "a", count: 10_001),
        ])
    func refuses(pattern: String) {
        #expect(failure("'a'.matches(p)", ["p": .string(pattern)])?.code == "invalid_argument")
    }

    @Test(
        "patterns that take others exponential time end at once, or cost too much",
        arguments: [
            "(a*)*b", "(a+)+$", "(a|aa)+$", "(a|a?)+$", "^(a?){500}a{500}$", "(.*)(.*)(.*)(.*)[^a]$", "(x+x+)+y",
        ])
    func bombs(pattern: String) {
        let text = String(repeating: "a", count: 2000) + "!"
        let error = failure("t.matches(p)", ["p": .string(pattern), "t": .string(text)])
        #expect(error == nil || error?.code == "budget_exceeded")
    }

    @Test("a long text is matched within the budget, a longer one ends with it")
    func length() {
        let short: JSONObject = ["t": .string(String(repeating: "ab", count: 5000))]
        #expect(failure("t.matches('(ab)*c')", short) == nil)
        let long: JSONObject = ["t": .string(String(repeating: "a", count: 1_000_000))]
        #expect(failure("t.matches('^(a|b|c|d|aa|ab)*e$')", long)?.code == "budget_exceeded")
    }

    @Test(
        "regex extracts and replaces",
        arguments: [
            ("regex.extract('order 123 of 456', '\\\\d+').value()", "123"),
            ("regex.extract('a=1', '(\\\\w)=').value()", "a"),
            ("regex.extract('abc', '\\\\d+').orValue('none')", "none"),
            ("regex.extractAll('a1b22', '\\\\d+')", ["1", "22"]),
            ("regex.extractAll('k=v, x=y', '(\\\\w)=')", ["k", "x"]),
            ("regex.extractAll('abc', 'x*')", ["", "", "", ""]),
            ("regex.replace('a1b22', '\\\\d+', '#')", "a#b#"), ("regex.replace('a1b22', '\\\\d+', '#', 1)", "a#b22"),
            ("regex.replace('John Smith', '(\\\\w+) (\\\\w+)', '\\\\2 \\\\1')", "Smith John"),
            ("regex.replace('abc', '', '-')", "-a-b-c-"),
            ("regex.replace('aaa', 'a*?', 'x')", "xaxaxax"),
            ("regex.replace('abcd', 'b|c', '[\\\\0]', -1)", "a[b][c]d"),
            ("regex.replace('a', 'a', '\\\\\\\\')", "\\"),
            ("regex.replace('xabcx', '(a)(b)?(z)?', '<\\\\1\\\\2\\\\3>')", "x<ab>cx"),
        ] as [(String, JSONValue)])
    func replaces(source: String, expected: JSONValue) throws {
        #expect(try json(source) == expected)
    }

    @Test(
        "the first of several ways to match is the one that counts",
        arguments: [
            ("regex.extract('aaab', 'a+').value()", "aaa"), ("regex.extract('aaab', 'a+?').value()", "a"),
            ("regex.extract('abcd', 'ab|abcd').value()", "ab"), ("regex.extract('abcd', 'abcd|ab').value()", "abcd"),
            ("regex.extract('xaay', '(?U)a+').value()", "a"), ("regex.extract('<a><b>', '<(.*?)>').value()", "a"),
            ("regex.extract('<a><b>', '<(.*)>').value()", "a><b"),
        ])
    func preference(source: String, expected: String) throws {
        #expect(try json(source) == .string(expected))
    }
}
