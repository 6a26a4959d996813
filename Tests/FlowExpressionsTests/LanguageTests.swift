import FlowExpressions
import FlowJSON
import Testing

@Suite struct LanguageTests {
    private static let variables: JSONObject = [
        "input": [
            "total": 1500.5, "count": 3, "country": "DE", "tags": ["a", "b"], "none": .null, "with-dash": 1,
            "nested": ["list": [1, 2, 3], "map": ["k": "v"]], "big": 9_007_199_254_740_993,
        ]
    ]

    @Test(
        "an expression that has to be true",
        arguments: [
            // Literals
            "0x1F == 31", "-0x10 == -16", "1e3 == 1000.0", ".5 == 0.5", "17u == uint(17)", "'a' == \"a\"",
            "'''a'b''' == \"a'b\"", "r'\\n' == '\\\\n'", "b'\\xff\\101' == b'\\377A'", "'\\u00e9' == 'é'",
            "'\\U0001F431' == '🐱'", "b'é' == b'\\303\\251'", "'\\'\\\"\\`\\?' == \"'\\\"`?\"",
            "-9223372036854775808 < 0", "1 // comment\n + 1 == 2", "[1, 2,] == [1, 2]", "{'a': 1,} == {'a': 1}",
            // Arithmetic
            "1 + 2 * 3 - 4 / 2 == 5", "7 % 3 == 1 && -7 % 3 == -1", "7 / 2 == 3 && -7 / 2 == -3", "--1 == 1",
            "1.0 / 0.0 > 1e308", "0.0 / 0.0 != 0.0 / 0.0", "'a' + 'b' == 'ab'", "[1] + [2] == [1, 2]",
            "b'a' + b'b' == b'ab'", "3 - 2 - 1 == 0", "input.count * 1.5 == 4.5", "1.5 * input.count == 4.5",
            // Comparison
            "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", "1 == 1.0 && 1u == 1 && 1.0 == 1u", "1 < 1.5 && 2u > 1.5",
            "-1 < 1u", "'a' < 'b' && 'Z' < 'a'", "b'\\x00' < b'\\x01'", "false < true", "1 != '1'", "null == null",
            "[1, 2.0] == [1.0, 2]", "{'a': 1} == {'a': 1.0}", "{1: 'a'} == {1u: 'a'}", "[1] != [1, 2]",
            "'Am\\u00e9lie' != 'Ame\\u0301lie'", "input.big == 9007199254740993", "'ￂ' < '🐱'",
            // Logic
            "true || 1 / 0 > 0", "1 / 0 > 0 || true", "!(false && 1 / 0 > 0)", "!(1 / 0 > 0 && false)",
            "true ? true : 1 / 0 > 0", "false ? 1 / 0 > 0 : true", "!!true", "false ? false : true ? true : false",
            // Access
            "input.total > 1000.0 && input.country in ['US', 'DE']", "input['total'] == input.total",
            "input.nested.list[1] == 2", "input.nested.map.k == 'v'", "input.`with-dash` == 1", "[1, 2][1.0] == 2",
            "[1, 2][1u] == 2", "{1: 'a'}[1u] == 'a'", "{1: 'a'}[1.0] == 'a'", "'k' in input.nested.map",
            "!('x' in input.nested.map)", "2 in input.nested.list", "2.0 in input.nested.list", "!(4 in [1, 2])",
            "has(input.total) && !has(input.missing) && has(input.none)", "has({'a': 1}.a)", "input.none == null",
            "{'if': 1}.if == 1", "{'a': {'b': 2}}.a['b'] == 2", "input.country in {'DE': 1}",
            // Types
            "type(1) == int && type(1u) == uint && type(1.0) == double && type('') == string",
            "type(null) == null_type && type([]) == list && type({}) == map && type(type(1)) == type",
            "type(b'') == bytes && type(true) == bool && type(dyn(1)) == int",
            "type(timestamp(0)) == google.protobuf.Timestamp && type(duration('0')) == google.protobuf.Duration",
            "type(optional.none()) == optional_type", "type(input.count) == int && type(input.total) == double",
            // Names
            "[1].all(input, input == 1)", "[{'a': 1}].exists(x, x.a == 1)", "[1].map(x, [2].map(y, x + y)) == [[3]]",
            "[1].map(x, [x + 1].map(x, x * 10)) == [[20]]",
        ])
    func holds(source: String) throws {
        #expect(try CELExpression(source).evaluateBool(JSONVariables(Self.variables)))
    }

    @Test(
        "a macro that has to be true",
        arguments: [
            "[1, 2, 3].all(x, x > 0) && ![1, -2].all(x, x > 0) && [].all(x, false)",
            "[1, 2, 3].exists(x, x == 2) && ![].exists(x, true)", "[1, 2, 3].exists_one(x, x > 2)",
            "![1, 2, 3].existsOne(x, x > 1)", "[1, 2, 3].map(x, x * 2) == [2, 4, 6]",
            "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]", "[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]",
            "{'a': 1, 'b': 2}.map(k, k) == ['a', 'b']", "{'a': 1, 'b': 2}.all(k, k in ['a', 'b'])",
            "{'a': 1, 'b': 2}.exists(k, v, k == 'b' && v == 2)", "[5, 6].all(i, v, v == i + 5)",
            "[5, 6].exists_one(i, v, i == 1 && v == 6)", "[5, 6].transformList(i, v, i * v) == [0, 6]",
            "[5, 6].transformList(i, v, i > 0, v) == [6]", "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
            "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, k + k) == {'b': 'bb'}",
            "['x'].transformMap(i, v, v) == {0: 'x'}",
            "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}",
            "[1, 0].exists(x, 1 / x == 1) && ![0, 1].all(x, 1 / x == 2)",
            "cel.bind(x, 2, x * x + x) == 6", "cel.bind(x, 1, cel.bind(y, x + 1, [x, y])) == [1, 2]",
            "cel.bind(x, 1 / 0, true)", "cel.bind(x, 1 / 0, x == 1 || true)",
            "[1, 2].map(x, cel.bind(y, x * 10, y + x)) == [11, 22]",
            "cel.block([1 + 1, cel.index(0) * 2], cel.index(0) + cel.index(1)) == 6",
            "cel.block([[1, 2], cel.index(0).map(cel.iterVar(0, 0), cel.iterVar(0, 0) * 2)], cel.index(1)) == [2, 4]",
            "optional.of(1).hasValue() && !optional.none().hasValue()", "optional.ofNonZeroValue(0) == optional.none()",
            "{'a': 1}.?a.value() == 1", "{'a': 1}.?b.orValue(7) == 7", "{'a': {'b': 2}}.?a.b.orValue(0) == 2",
            "{}.?a.b.c.or(optional.of(1)).value() == 1", "[1][?5].orValue(9) == 9", "[1][?0].value() == 1",
            "[?optional.none(), ?optional.of(1), 2] == [1, 2]", "{?'a': optional.none(), 'b': 1} == {'b': 1}",
            "optional.of(2).optMap(x, x * 2).value() == 4", "{'a': {'b': 1}}.?a.optFlatMap(x, x.?b).value() == 1",
            "optional.of(optional.none()).value() == optional.none()",
            "[optional.of(1), optional.none()].unwrapOpt() == [1]",
            "has({'a': {'b': 1}}.?a.b)", "!has({}.?a.b)", "[[1, 2], [3]].flatten() == [1, 2, 3]",
            "[3, 1, 2].sortBy(x, -x) == [3, 2, 1]", "['bb', 'a'].sortBy(x, x.size()) == ['a', 'bb']",
        ])
    func macros(source: String) throws {
        #expect(try CELExpression(source).evaluateBool(JSONVariables(Self.variables)))
    }

    @Test(
        "what fails says how",
        arguments: [
            ("1 / 0", "division_by_zero"), ("1u % 0u", "division_by_zero"), ("9223372036854775807 + 1", "overflow"),
            ("-9223372036854775808 - 1", "overflow"), ("-(-9223372036854775808)", "overflow"),
            ("-9223372036854775808 / -1", "overflow"), ("-9223372036854775808 % -1", "overflow"),
            ("0u - 1u", "overflow"), ("18446744073709551615u + 1u", "overflow"),
            ("4294967296 * 4294967296", "overflow"),
            ("missing", "undeclared"), ("missing.member", "undeclared"), ("input.missing", "no_such_key"),
            ("input.missing.more", "no_such_key"), ("input['missing']", "no_such_key"), ("{1: 2}[3]", "no_such_key"),
            ("input.count.x", "no_such_overload"), ("input.none.x", "no_such_overload"),
            ("[1][1]", "index_out_of_range"),
            ("[1][-1]", "index_out_of_range"), ("[1]['a']", "invalid_argument"), ("[1][0.5]", "invalid_argument"),
            ("input.count + 'a'", "no_such_overload"), ("input.count < 'a'", "no_such_overload"),
            ("input.tags < input.tags", "no_such_overload"), ("!input.count", "no_such_overload"),
            ("-input.country", "no_such_overload"), ("input.count ? 1 : 2", "no_such_overload"),
            ("input.count && true", "no_such_overload"), ("1 in input.count", "no_such_overload"),
            ("{'a': 1, 'a': 2}", "invalid_argument"), ("{1: 1, 1u: 2}", "invalid_argument"),
            ("{1.0: 1}", "invalid_argument"), ("{null: 1}", "invalid_argument"),
            ("input.count.map(x, x)", "no_such_overload"), ("[1].exists_one(x, 1 / 0 > 0)", "division_by_zero"),
            ("[1].filter(x, x)", "no_such_overload"), ("[1].all(x, x)", "no_such_overload"),
            ("optional.none().value()", "invalid_argument"), ("[?1]", "syntax"),
            ("input.tags.join(1)", "no_such_overload"),
            ("1.5 % input.total", "no_such_overload"), ("1 + input.none", "no_such_overload"),
            ("cel.bind(x, 1 / 0, x)", "division_by_zero"), ("int('x')", "invalid_argument"), ("int(1e99)", "overflow"),
            ("uint(-1)", "overflow"), ("timestamp('x')", "invalid_argument"), ("duration('1y')", "invalid_argument"),
            ("timestamp(253402300800)", "overflow"), ("duration('9999999h')", "overflow"),
            ("string(b'\\xff')", "invalid_argument"), ("math.greatest([])", "invalid_argument"),
        ])
    func fails(source: String, code: String) {
        #expect(failure(source, Self.variables)?.code == code)
    }

    @Test(
        "a wrong source names the column",
        arguments: [
            ("", 1), ("1 +", 4), ("1 1", 3), ("(1", 3), ("[1", 3), ("{1}", 3), ("{1: }", 5), ("a.", 3), ("a.1", 2),
            ("1 = 1", 3), ("a & b", 3), ("a | b", 3), ("#", 1), ("é", 1), ("'é' + €", 7), ("'abc", 1), ("'a\nb'", 1),
            ("'\\q'", 2), ("'\\x1'", 2), ("'\\ud800'", 2), ("b'\\u0041'", 3), ("1 + 08x", 5), ("1e", 1), ("0x", 1),
            ("9223372036854775808", 1), ("-9223372036854775809", 2), ("18446744073709551616u", 1), ("1e999", 1),
            ("nosuch(1)", 1), ("1 + a.nosuch(2)", 7), ("size()", 1), ("size(1, 2, 3)", 1), ("math.nosuch(1)", 6),
            ("'a'.startsWith()", 5), ("has(a)", 5), ("[1].map(a.b, 1)", 9), ("[1].all(1, true)", 9), ("if", 1),
            ("for + 1", 1), ("a.in", 3), ("true.x()", 6), ("Type{a: 1}", 1), ("a ? b", 6), ("a ? b ? c : d : e", 7),
            ("1 + 'a'", 3), ("1 + 1.0", 3), ("-'a'", 1), ("[1] < [2]", 5), ("'a'.matches('(')", 5), ("a.`b", 3),
            ("a.`b c$`", 7), ("x.all(i, i, true)", 10), ("cel.bind(1, 2, 3)", 10), ("cel.index(0)", 5), ("`a`", 1),
        ])
    func columns(source: String, column: Int) {
        let error = failure(source)
        #expect(error?.code == "syntax")
        #expect(error?.column == column)
    }

    @Test(
        "an evaluation that fails names the column",
        arguments: [
            ("1 + 2 / 0", 7), ("input.total + input.nope", 15), ("[1, 2][input.count]", 7), ("'é' + input.count", 5),
            ("'a' + string(int('x'))", 14), ("input.tags.map(t, int(t))", 19), ("true && input.count", 6),
        ])
    func places(source: String, column: Int) {
        #expect(failure(source, Self.variables)?.column == column)
    }

    @Test("what a text in an error could give away is not in it")
    func errorsKeepSecrets() {
        let secret: JSONObject = ["secret": "hunter2"]
        for source in [
            "int(secret)", "timestamp(secret)", "duration(secret)", "{'a': 1}[secret]", "[1][secret]", "bool(secret)",
            "timestamp(0).getHours(secret)", "secret.matches(secret + '(')", "'%d'.format([secret])", "secret - 1",
            "base64.decode(secret + '%')", "{secret: 1, secret: 2}",
        ] {
            #expect {
                try evaluate(source, secret)
            } throws: { error in !"\(error)".contains("hunter2") }
        }
    }
}
