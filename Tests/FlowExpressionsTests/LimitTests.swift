import FlowExpressions
import FlowJSON
import Testing

@Suite struct LimitTests {
    @Test(
        "long rows of operators work",
        arguments: [("1", "+", 10_000), ("x", "*", 1), ("true", "&&", true), ("y", "||", false)]
            as [(String, String, JSONValue)])
    func rows(operand: String, symbol: String, expected: JSONValue) throws {
        let source = Array(repeating: operand, count: 10_000).joined(separator: symbol)
        #expect(try json(source, ["x": 1, "y": false]) == expected)
    }

    @Test(
        "what nests too deep is refused, whatever it is made of",
        arguments: [
            ("(", "1", ")"), ("[", "1", "]"), ("{'a':", "1", "}"), ("-", "x", ""), ("!", "true", ""), ("- (", "1", ")"),
            ("true ? 1 : ", "1", ""), ("size(", "x", ")"), ("x[", "0", "]"), ("", "x", ".a"), ("", "x", "[0]"),
            ("", "x", ".f()"),
            ("", "x", " < 1"), ("[1].map(i, ", "i", ")"), ("has(x.a) && (", "true", ")"), ("cel.bind(a, 1, ", "a", ")"),
            ("x.?", "a", ""), ("1 + (", "1", ")"), ("optional.of(", "1", ")"), ("{?'a': ", "x", "}"), ("", "x", ".?a"),
        ])
    func depth(before: String, middle: String, after: String) {
        for count in [101, 1000, 10_000] {
            let source = String(repeating: before, count: count) + middle + String(repeating: after, count: count)
            #expect(failure(source)?.code == "syntax")
        }
    }

    @Test("thirty-two levels of everything are fine")
    func allowedDepth() throws {
        let parentheses = String(repeating: "(", count: 32) + "1" + String(repeating: ")", count: 32)
        #expect(try json(parentheses) == 1)
        #expect(try json(String(repeating: "-", count: 32) + "1") == 1)
        #expect(
            try json(
                String(repeating: "[", count: 32) + "1" + String(repeating: "]", count: 32)
                    + String(repeating: "[0]", count: 32)) == 1)
    }

    @Test("a source that is too long is refused")
    func length() {
        #expect(failure("'" + String(repeating: "a", count: 70_000) + "'")?.code == "syntax")
        #expect(throws: TemplateErrors.self) {
            try Template(.string("${'" + String(repeating: "a", count: 70_000) + "'}"))
        }
        #expect(throws: Never.self) { try Template(.string("${x}" + String(repeating: "a", count: 70_000))) }
    }

    @Test(
        "what costs too much ends with an error that no operator absorbs",
        arguments: [
            "lists.range(1000000).all(x, true) || true",
            "lists.range(3000).map(x, lists.range(3000).map(y, x * y)).size() > 0 || true",
            "lists.range(2000).exists(x, lists.range(2000).exists(y, y < 0)) || true",
            "lists.range(9223372036854775807).size() > 0", "lists.range(100000000).size() > 0",
            "lists.range(30).map(x, text + text + text).size() > 0",
            "cel.bind(a, text + text, cel.bind(b, a + a, cel.bind(c, b + b, cel.bind(d, c + c, d + d)))).size() > 0",
            "lists.range(100000).map(x, text.contains('b')).size() > 0",
            "lists.range(100000).map(x, text == other).size() > 0",
            "lists.range(100000).map(x, text.size()).size() > 0", "text.replace('a', text).size() > 0",
            "lists.range(100000).map(x, {text: 1}).size() > 0", "lists.range(100000).exists(x, int(text) > 0)",
            "text.split('').map(c, text.split('').size()).size() > 0",
            "lists.range(100000).map(x, text.format([])).size() > 0",
            "lists.range(1000).map(x, '%s'.format([[text, text, text, text]])).size() > 0",
            "lists.range(1000).map(x, regex.replace(text, 'a', 'bb')).size() > 0",
            "lists.range(1000).map(x, map == other_map).size() > 0", "lists.range(100000).exists(x, map[text] > 0)",
            "lists.range(1000).map(x, list + list).size() > 0", "lists.range(1000).map(x, list.sort()).size() > 0",
            "list.map(x, list.map(y, list)).flatten(3).size() > 0", "list.exists(x, list.exists(y, y == text)) || true",
            "cel.bind(x, lists.range(2000).all(a, lists.range(2000).all(b, true)), true)",
        ])
    func budget(source: String) {
        let long = String(repeating: "a", count: 200_000)
        var members = JSONObject()
        for index in 0..<20_000 { members["key\(index)"] = .integer(Int64(index)) }
        let variables: JSONObject = [
            "text": .string(long), "other": .string(long.dropLast() + "b"), "map": .object(members),
            "list": .array((0..<20_000).map { .integer(Int64($0)) }),
            "other_map": .object(members),
        ]
        let limits = EvaluationLimits(steps: 200_000, bytes: 4 << 20)
        #expect(failure(source, variables, limits: limits)?.code == "budget_exceeded")
    }

    @Test("values that share their parts are not taken apart without end")
    func sharing() {
        // Each binding is a list that holds the one before it twice: 2⁴⁰ elements in forty small lists.
        var source = "x40 == x40"
        for index in (1...40).reversed() {
            source = "cel.bind(x\(index), [x\(index - 1), x\(index - 1)], \(source))"
        }
        let compare = "cel.bind(x0, [1], \(source))"
        #expect(failure(compare)?.code == "budget_exceeded")
        let render = compare.replacing("x40 == x40", with: "x40")
        #expect(throws: EvaluationError.self) { try CELExpression(render).evaluateJSON([String: CELValue]()) }
        let format = compare.replacing("x40 == x40", with: "'%s'.format([x40])")
        #expect(failure(format)?.code == "budget_exceeded")
        let flatten = compare.replacing("x40 == x40", with: "x40.flatten(100)")
        #expect(failure(flatten)?.code == "budget_exceeded")
    }

    @Test("a value that nests deeper than any document is refused where it is walked")
    func deepValues() {
        var value: JSONValue = 1
        for _ in 0..<600 { value = [value] }
        #expect(failure("x == y", ["x": value, "y": value])?.code == "budget_exceeded")
        #expect(failure("'%s'.format([x])", ["x": value])?.code == "budget_exceeded")
    }

    @Test("constants that are computed ahead cost no more than a bound")
    func folding() throws {
        let source = Array(repeating: "lists.range(50000)", count: 1000).joined(separator: ",")
        let expression = try CELExpression("[\(source)].size()")
        #expect {
            try expression.evaluate([String: CELValue]())
        } throws: { ($0 as? EvaluationError)?.code == .budgetExceeded }
    }

    @Test("any sequence of tokens is an expression or an error, and evaluates to a value or an error")
    func randomTokens() {
        let tokens = [
            "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "+", "-", "*", "/", "%", "!", "&&", "||", "==", "!=", "<",
            ">=",
            "in", "true", "null", "1", "2u", "1.5", "'a'", "b'x'", "r'\\'", "x", "y", "has", "all", "map", ".map(",
            "size(",
            ".?", "[?", "cel.bind(", "optional.of(", "matches(", ".format(", "timestamp(", "duration(", "`a-b`", "'",
            "\\",
            "${", "9223372036854775807", "-", "math.greatest(", ".split(", ".exists(i,", "i", "é", "🐱", "\n", "//",
            "0x",
        ]
        var generator = SeededGenerator(state: 42)
        var compiled = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...14, using: &generator)
            let source = (0..<count).map { _ in tokens.randomElement(using: &generator) ?? "" }
                .joined(separator: Bool.random(using: &generator) ? "" : " ")
            guard let expression = try? CELExpression(source) else { continue }
            compiled += 1
            _ = try? expression.evaluateJSON(
                JSONVariables(["x": [1, ["a": "b"]], "y": "text"]),
                limits: EvaluationLimits(steps: 10_000, bytes: 100_000))
        }
        #expect(compiled > 100)
    }

    @Test("any sequence of characters is a pattern or an error")
    func randomPatterns() {
        let pieces = Array("abc()[]{}*+?|^$.\\dwspPLbB:,-0123é🐱=<>!iU")
        var generator = SeededGenerator(state: 7)
        var matched = 0
        for _ in 0..<5000 {
            let count = Int.random(in: 1...12, using: &generator)
            let pattern = String((0..<count).compactMap { _ in pieces.randomElement(using: &generator) })
            let error = failure("t.matches(p)", ["p": .string(pattern), "t": "abc1 é-🐱\nxyz(0)"])
            if error == nil {
                matched += 1
            } else {
                #expect(["invalid_argument", "budget_exceeded"].contains(error?.code))
            }
        }
        #expect(matched > 100)
    }
}

/// The same numbers in every run.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
