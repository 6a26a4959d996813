import FlowExpressions
import FlowJSON
import Testing

@Suite struct LibraryTests {
    @Test(
        "a call that has to be true",
        arguments: [
            // Conversions
            "int('-12') == -12", "int(3.9) == 3 && int(-3.9) == -3", "int(7u) == 7", "uint('7') == 7u",
            "uint(3.9) == 3u",
            "double('1.5e3') == 1500.0", "double(3) == 3.0", "string(1.5) == '1.5'", "string(5.0) == '5'",
            "string(-4.5e-3) == '-0.0045'", "string(true) == 'true'", "string(b'abc') == 'abc'", "bytes('é') == b'é'",
            "bool('True') && !bool('0')", "int(timestamp('1970-01-01T00:01:00Z')) == 60", "string(1e300) == '1e+300'",
            // Strings
            "'abc'.size() == 3 && size('🐱é') == 2 && size(b'é') == 2", "'hello'.contains('ell')",
            "'hello'.startsWith('he') && 'hello'.endsWith('lo')", "!'e\\u0301'.startsWith('é')",
            "'tacocat'.charAt(3) == 'o'",
            "'tacocat'.indexOf('c') == 2 && 'tacocat'.indexOf('c', 3) == 4 && 'tacocat'.lastIndexOf('c') == 4",
            "'tacocat'.lastIndexOf('c', 3) == 2 && 'tacocat'.indexOf('x') == -1 && ''.indexOf('') == 0",
            "'Hé'.lowerAscii() == 'hé' && 'hé'.upperAscii() == 'Hé'", "' \\t x \\u00a0'.trim() == 'x'",
            "'  '.trim() == ''",
            "'a,b,c'.split(',') == ['a', 'b', 'c']", "'a,b,c'.split(',', 2) == ['a', 'b,c']",
            "'é🐱'.split('') == ['é', '🐱']",
            "'abc'.split('', 2) == ['a', 'bc']", "'abc'.split(',', 0) == []", "['a', 'b'].join('-') == 'a-b'",
            "'aaa'.replace('a', 'b') == 'bbb' && 'aaa'.replace('a', 'b', 2) == 'bba'",
            "'ab'.replace('', '-') == '-a-b-'",
            "'héllo'.substring(1) == 'éllo' && 'héllo'.substring(1, 3) == 'él'", "'añb'.reverse() == 'bña'",
            "strings.quote('a\"b\\n') == '\"a\\\\\"b\\\\n\"'", "'aab'.indexOf('ab') == 1",
            "'aaaab'.indexOf('aab') == 2",
            // Math
            "math.greatest(1, 2.5, 2u) == 2.5 && math.least([3, 1, 2]) == 1", "math.ceil(1.2) == 2.0",
            "math.floor(-1.2) == -2.0 && math.trunc(-1.9) == -1.0",
            "math.round(2.5) == 3.0 && math.round(-2.5) == -3.0",
            "math.abs(-3) == 3 && math.sign(-2.5) == -1.0", "math.sqrt(16) == 4.0 && math.isNaN(math.sqrt(-1.0))",
            "math.isInf(1.0 / 0.0) && math.isFinite(1.0)", "math.bitAnd(6, 3) == 2 && math.bitOr(6u, 3u) == 7u",
            "math.bitXor(6, 3) == 5 && math.bitNot(0) == -1", "math.bitShiftLeft(1, 63) == -9223372036854775808",
            "math.bitShiftRight(-1, 63) == 1 && math.bitShiftLeft(1, 64) == 0",
            // Lists and sets
            "lists.range(3) == [0, 1, 2]", "[1, 2, 3, 4].slice(1, 3) == [2, 3]",
            "[1, [2, [3]]].flatten(2) == [1, 2, 3]",
            "[1, [2, [3]]].flatten() == [1, 2, [3]]", "[1, 1.0, 2, [1], [1]].distinct() == [1, 2, [1]]",
            "[3, 1, 2].sort() == [1, 2, 3]", "['b', 'a'].sort() == ['a', 'b']", "[1, 2].reverse() == [2, 1]",
            "[1, 2].first().value() == 1 && [1, 2].last().value() == 2 && ![].first().hasValue()",
            "sets.contains([1, 2, 3], [3.0, 1u]) && !sets.contains([1], [2])", "sets.equivalent([1, 2], [2, 1, 1])",
            "sets.intersects([1, 2], [2, 3]) && !sets.intersects([1], [])",
            // Encoders
            "base64.encode(b'hello') == 'aGVsbG8=' && base64.decode('aGVsbG8') == b'hello'",
            "base64.decode(base64.encode(b'\\xff\\x00a')) == b'\\xff\\x00a'",
            // Times
            "timestamp('2009-02-13T23:31:30Z') == timestamp(1234567890)",
            "timestamp('2009-02-14T00:31:30.5+01:00') == timestamp('2009-02-13T23:31:30.500Z')",
            "string(timestamp('2009-02-13T23:31:30.120Z')) == '2009-02-13T23:31:30.12Z'",
            "timestamp('2024-02-29T00:00:00Z') + duration('24h') == timestamp('2024-03-01T00:00:00Z')",
            "timestamp('2024-03-01T00:00:00Z') - timestamp('2024-02-28T00:00:00Z') == duration('48h')",
            "timestamp('0001-01-01T00:00:00Z') < timestamp('9999-12-31T23:59:59.999999999Z')",
            "duration('1h30m') == duration('5400s') && duration('-1.5s') + duration('1500ms') == duration('0s')",
            "string(duration('1h1m1.5s')) == '3661.5s' && string(duration('-1ns')) == '-0.000000001s'",
            "duration('1us') == duration('1µs') && duration('.5s') == duration('500ms')",
            "duration('3730s').getHours() == 1 && duration('3730s').getMinutes() == 62",
            "duration('3730.5s').getSeconds() == 3730 && duration('3730.5s').getMilliseconds() == 500",
            "timestamp('2024-12-31T10:20:30.4Z').getFullYear() == 2024", "timestamp(0).getMonth() == 0",
            "timestamp('2024-12-31T10:20:30.4Z').getDayOfYear() == 365", "timestamp(0).getDayOfWeek() == 4",
            "timestamp('2024-12-31T10:20:30.4Z').getDate() == 31 && timestamp(0).getDayOfMonth() == 0",
            "timestamp('2024-12-31T10:20:30.4Z').getMilliseconds() == 400", "timestamp(-1).getSeconds() == 59",
            "timestamp(0).getHours('+05:30') == 5 && timestamp(0).getMinutes('+05:30') == 30",
            "timestamp(0).getHours('-02:00') == 22 && timestamp(0).getDayOfMonth('-02:00') == 30",
            "timestamp(0).getHours('UTC') == 0 && timestamp(0).getHours('02:00') == 2",
        ])
    func holds(source: String) throws {
        #expect(try CELExpression(source).evaluateBool([String: CELValue]()))
    }

    @Test(
        "format fills its clauses",
        arguments: [
            ("'%s %s'.format(['a', 1])", "a 1"), ("'%d%%'.format([5])", "5%"), ("'%.2f'.format([1.005])", "1.00"),
            ("'%.1f'.format([0.25])", "0.2"), ("'%.1f'.format([0.35])", "0.3"), ("'%.0f'.format([0.5])", "0"),
            ("'%.0f'.format([1.5])", "2"), ("'%.3f'.format([1e-10])", "0.000"),
            ("'%f'.format([1e21])", "1000000000000000000000.000000"),
            ("'%.20f'.format([0.1])", "0.10000000000000000555"), ("'%.2f'.format([999.999])", "1000.00"),
            ("'%.2f'.format([-0.001])", "-0.00"), ("'%.3f'.format([0.0625])", "0.062"),
            ("'%f'.format([0.0])", "0.000000"),
            ("'%e'.format([1234.5678])", "1.234568e+03"), ("'%.0e'.format([9.5])", "1e+01"),
            ("'%.2e'.format([0.0])", "0.00e+00"),
            ("'%.3e'.format([5e-324])", "4.941e-324"), ("'%.1e'.format([1.7976931348623157e308])", "1.8e+308"),
            ("'%x %X %o %b'.format([255, 255, 8, -5])", "ff FF 10 -101"), ("'%x'.format(['hi'])", "6869"),
            ("'%X'.format([b'\\xab'])", "AB"), ("'%b'.format([true])", "1"),
            ("'%s'.format([[1, 'a', null, true, 1.5]])", "[1, a, null, true, 1.5]"),
            ("'%s'.format([{'b': 1, 'a': [2]}])", "{a: [2], b: 1}"),
            ("'%s'.format([timestamp(0)])", "1970-01-01T00:00:00Z"),
            ("'%s %s'.format([duration('1.5s'), int])", "1.5s int"), ("'é%s'.format(['ü'])", "éü"),
        ])
    func formats(source: String, expected: String) throws {
        #expect(try json(source) == .string(expected))
    }

    @Test(
        "format refuses what does not fit",
        arguments: [
            "'%s'.format([])", "'%d'.format(['a'])", "'%d'.format([1.5])", "'%f'.format(['x'])", "'%x'.format([1.5])",
            "'%o'.format(['a'])", "'%q'.format([1])", "'%'.format([1])", "'%.s'.format([1])", "'%.999f'.format([1.0])",
            "'%.'.format([1.0])", "'%s'.format([optional.none()])",
        ])
    func formatErrors(source: String) {
        #expect(failure(source)?.code == "invalid_argument")
    }

    @Test(
        "functions refuse positions beyond the text or list",
        arguments: [
            "'abc'.charAt(4)", "'abc'.charAt(-1)", "'abc'.substring(4)", "'abc'.substring(0, 4)",
            "'abc'.indexOf('a', 4)",
            "'abc'.lastIndexOf('a', -1)", "[1].slice(0, 2)", "[1].slice(-1, 1)",
        ])
    func positions(source: String) {
        #expect(failure(source)?.code == "index_out_of_range")
    }

    @Test("zones of the system's database know summer time, also after the last year they list")
    func zones() throws {
        let hours = { (time: String, zone: String) in
            try json("timestamp('\(time)').getHours('\(zone)')")
        }
        // A system without the database answers with an error, as for a zone that does not exist.
        guard (try? hours("2024-01-01T00:00:00Z", "Europe/Berlin")) != nil else {
            #expect(failure("timestamp(0).getHours('Europe/Berlin')")?.code == "invalid_argument")
            return
        }
        #expect(try hours("2024-01-15T12:00:00Z", "Europe/Berlin") == 13)
        #expect(try hours("2024-07-15T12:00:00Z", "Europe/Berlin") == 14)
        #expect(try hours("2024-03-31T00:59:59Z", "Europe/Berlin") == 1)
        #expect(try hours("2024-03-31T01:00:00Z", "Europe/Berlin") == 3)
        #expect(try hours("2090-01-15T12:00:00Z", "Europe/Berlin") == 13)
        #expect(try hours("2090-07-15T12:00:00Z", "Europe/Berlin") == 14)
        #expect(try hours("2090-07-15T12:00:00Z", "Australia/Sydney") == 22)
        #expect(try hours("2090-01-15T12:00:00Z", "Australia/Sydney") == 23)
        #expect(try hours("1900-01-01T12:00:00Z", "America/New_York") == 7)
        #expect(try json("timestamp('2024-01-01T00:00:00Z').getMinutes('Asia/Kathmandu')") == 45)
        for zone in ["No/Where", "../etc/passwd", "/etc/passwd", "Europe", "Europe/Berlin\u{0}", "posixrules/.."] {
            #expect(failure("timestamp(0).getHours(\"\(zone)\")")?.code == "invalid_argument")
        }
    }
}
