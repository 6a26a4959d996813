import FlowJSON
import Testing

// The kinds of input that the public JSON parsing corpus tries on a parser, written anew from RFC 8259: what every
// parser has to accept, what it has to refuse, and what the RFC leaves open together with this parser's choice.
@Suite("the kinds of input of the public JSON corpus", .timeLimit(.minutes(1)))
struct CorpusTests {
    static let accepted: [Case] = [
        texts("array", acceptedArrays), texts("number", acceptedNumbers), texts("object", acceptedObjects),
        texts("string", acceptedStrings), texts("structure", acceptedStructures),
        quoted("encoding", acceptedEncodings),
    ].flatMap { $0 }

    @Test("what every parser has to accept is read, and what is written of it reads back", arguments: accepted.indices)
    func accepts(index: Int) { expectRead(Self.accepted[index]) }

    static let refused: [Case] = [
        texts("array", refusedArrays), texts("number", refusedNumbers), texts("object", refusedObjects),
        texts("string", refusedStrings), texts("structure", refusedStructures), raw("encoding", refusedEncodings),
    ].flatMap { $0 }

    @Test("what no parser may accept is refused at a byte of the text", arguments: refused.indices)
    func refuses(index: Int) { expectRefused(Self.refused[index]) }

    static let leftOpen: [(input: Case, isAccepted: Bool)] = [
        decided(true, texts("accepted", openAccepted)), decided(false, texts("refused", openRefused)),
        decided(false, quoted("in_string", openRefusedInStrings)), decided(false, raw("bytes", openRefusedBytes)),
    ].flatMap { $0 }

    @Test("what the RFC leaves open is decided as documented", arguments: leftOpen.indices)
    func decides(index: Int) {
        let (input, isAccepted) = Self.leftOpen[index]
        if isAccepted { expectRead(input) } else { expectRefused(input) }
    }

    private func expectRead(_ input: Case) {
        do {
            let value = try JSONParser.parse(input.bytes)
            let again = try JSONParser.parse(JSONWriter.bytes(of: value))
            #expect(again == value, "\(input.name)")
        } catch {
            Issue.record("\(input.name): \(error)")
        }
    }

    private func expectRefused(_ input: Case) {
        do {
            let value = try JSONParser.parse(input.bytes)
            Issue.record("\(input.name) was read as \(value)")
        } catch {
            #expect((0...input.bytes.count).contains(error.offset), "\(input.name): \(error)")
        }
    }
}

// How the tables below are written.
extension CorpusTests {
    struct Case: Sendable {
        var name: String
        var bytes: [UInt8]
    }

    typealias Text = (name: String, text: String)
    typealias Raw = (name: String, bytes: [UInt8])

    static func texts(_ kind: String, _ cases: [Text]) -> [Case] {
        cases.map { Case(name: "\(kind)_\($0.name)", bytes: Array($0.text.utf8)) }
    }

    static func raw(_ kind: String, _ cases: [Raw]) -> [Case] {
        cases.map { Case(name: "\(kind)_\($0.name)", bytes: $0.bytes) }
    }

    // The bytes are the content of a string that is the only element of an array.
    static func quoted(_ kind: String, _ cases: [Raw]) -> [Case] {
        cases.map { Case(name: "\(kind)_\($0.name)", bytes: [0x5B, 0x22] + $0.bytes + [0x22, 0x5D]) }
    }

    static func decided(_ isAccepted: Bool, _ cases: [Case]) -> [(input: Case, isAccepted: Bool)] {
        cases.map { (input: $0, isAccepted: isAccepted) }
    }

    static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    static func nested(_ open: String, _ opens: Int, _ close: String, _ closes: Int, inside: String = "") -> String {
        "\(repeated(open, opens))\(inside)\(repeated(close, closes))"
    }

    static let fortyMembers = (0..<40).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
}

// Accepted.
extension CorpusTests {
    static let acceptedArrays: [Text] = [
        ("empty", "[]"), ("empty_with_space", "[ \t\r\n ]"), ("of_empty_string", #"[""]"#), ("of_empties", "[[],{}]"),
        ("nested", "[[],[[]],[[[1]]]]"), ("space_before_close", "[[]   ]"), ("literals", "[true,false,null]"),
        ("mixed", #"[null,1,"1",{},[2.5],false]"#), ("newline_after_element", "[7\n]"), ("leading_space", " [7]"),
        ("trailing_space", "[7] "), ("trailing_newline", "[\"a\"]\n"), ("several_nulls", "[1,null,null,null,2]"),
        ("space_around_commas", "[1 , 2\t,\r\n3]"), ("ten_thousand", "[\(repeated("0,", 9_999))0]"),
    ]

    static let acceptedNumbers: [Text] = [
        ("zero", "0"), ("digit", "7"), ("digits", "1234567890"), ("negative", "-12"), ("negative_one", "[-1]"),
        ("zero_fraction", "0.0"), ("negative_zero_fraction", "-0.0"), ("fraction", "3.25"), ("below_one", "-0.5"),
        ("trailing_zeros", "1.500"), ("exponent", "4e2"), ("capital_exponent", "4E2"), ("plus_exponent", "4e+2"),
        ("minus_exponent", "4e-2"), ("capital_plus_exponent", "4E+2"), ("capital_minus_exponent", "4E-2"),
        ("zeros_in_exponent", "1e007"), ("zero_exponent", "1e0"), ("zero_to_a_power", "0e1"), ("zero_plus", "0e+1"),
        ("zero_capital", "0E5"), ("fraction_and_exponent", "12.34e5"), ("fraction_minus_exponent", "12.34e-5"),
        ("large", "[123e65]"), ("tiny", "-0.\(repeated("0", 77))1"), ("space_before", "[ 4]"), ("space_after", "[4 ]"),
        ("greatest_integer", "9223372036854775807"), ("least_integer", "-9223372036854775808"),
        ("greatest_double", "1.7976931348623157e308"), ("least_double", "5e-324"),
        ("more_digits_than_kept", "0.1000000000000000055511151231257827"),
    ]

    static let acceptedObjects: [Text] = [
        ("empty", "{}"), ("empty_with_space", "{ \n }"), ("one", #"{"a":1}"#), ("several", #"{"a":1,"b":[],"c":{}}"#),
        ("empty_name", #"{"":0}"#), ("empty_name_and_value", #"{"":""}"#), ("escaped_nul_in_name", #"{"a\u0000b":1}"#),
        ("escapes_in_name", #"{"\"\\\/\b\f\n\r\t":1}"#), ("names_differ_in_case", #"{"a":1,"A":2}"#),
        ("same_name_in_another_object", #"{"a":{"a":{"a":1}}}"#), ("newlines", "{\n\"a\"\n:\n1\n,\n\"b\"\n:\n2\n}"),
        ("tabs_around_colon", "{\"a\"\t:\t1}"), ("extremes", #"{"min":-1.0e+28,"max":1.0e+28}"#),
        ("escaped_cyrillic", #"{"\u043f":"\u043E\u043b"}"#), ("name_beyond_ascii", "{\"\u{e9}\u{1f600}\":1}"),
        ("forty_members", "{\(fortyMembers)}"),
    ]

    static let acceptedStrings: [Text] = [
        ("empty", "\"\""), ("space", "\" \""), ("ascii", #""aZ09~!""#), ("simple_escapes", #""\"\\\/\b\f\n\r\t""#),
        ("solidus", #""a/b""#), ("escaped_quote", #""\"""#), ("escaped_backslash", #""\\""#),
        ("backslash_and_n", #""\\n""#), ("backslash_and_unknown", #""\\a""#), ("backslash_and_u", #""\\u12""#),
        ("lowercase_digits", #""\u00e9""#), ("capital_digits", #""\u00E9""#), ("mixed_digits", #""\uAbCd""#),
        ("escaped_nul", #""\u0000""#), ("escaped_control", #""\u0012\u001F""#), ("escaped_space", #""\u0020""#),
        ("quote_by_number", #""\u0022""#), ("backslash_by_number", #""\u005C""#), ("escaped_delete", #""\u007F""#),
        ("pair", #""\uD83D\uDE00""#), ("two_pairs", #""\ud83d\ude39\ud83d\udc8d""#), ("first_pair", #""\uD800\uDC00""#),
        ("last_pair", #""\uDBFF\uDFFF""#), ("before_surrogates", #""\uD7FF""#), ("after_surrogates", #""\uE000""#),
        ("escaped_noncharacters", #""\uFFFE\uFFFF\uFDD0\uD83F\uDFFE""#),
        ("delete", "\"\u{7f}\""),
        ("c1_controls", "\"\u{80}\u{85}\u{9f}\""), ("line_separator", "\"\u{2028}\""), ("bom_inside", "\"\u{feff}\""),
        ("paragraph_separator", "\"\u{2029}\""), ("no_width", "\"\u{200b}\u{2060}\""), ("private", "\"\u{e000}\""),
        ("unassigned", "\"\u{378}\""), ("combining_mark_first", "\"\u{301}\""), ("comments", #""a/*b*/c//d#e""#),
        ("punctuation", #""[]{},:'""#), ("escape_between_text", "\"\u{e9}\\n\u{1f600}\\u0041z\""),
        ("long", "\"\(repeated("x", 10_000))\""), ("many_escapes", "\"\(repeated("\\t", 5_000))\""),
    ]

    static let acceptedStructures: [Text] = [
        ("true", "true"), ("false", "false"), ("null", "null"), ("integer", "42"), ("real", "-0.1"),
        ("string", #""asd""#), ("leading_newline", "\n1"), ("trailing_newline", "1\n"),
        ("windows_newline", "[\r\n]\r\n"), ("every_space", " \t\r\n{ \t\r\n} \t\r\n"),
        ("much_space", "\(repeated(" ", 10_000))1\(repeated("\n", 10_000))"),
        ("siblings_are_not_depth", "[\(repeated("[],", 1_000))[]]"),
    ]

    static let acceptedEncodings: [Raw] = [
        ("first_of_two_bytes", [0xC2, 0x80]), ("last_of_two_bytes", [0xDF, 0xBF]),
        ("first_of_three_bytes", [0xE0, 0xA0, 0x80]), ("last_before_surrogates", [0xED, 0x9F, 0xBF]),
        ("first_after_surrogates", [0xEE, 0x80, 0x80]), ("last_of_three_bytes", [0xEF, 0xBF, 0xBF]),
        ("first_of_four_bytes", [0xF0, 0x90, 0x80, 0x80]), ("last_of_four_bytes", [0xF4, 0x8F, 0xBF, 0xBF]),
    ]
}

// Refused.
extension CorpusTests {
    static let refusedArrays: [Text] = [
        ("extra_comma", "[1,]"), ("two_extra_commas", "[1,,]"), ("space_and_extra_comma", "[1 , ]"),
        ("double_comma", "[1,,2]"), ("leading_comma", "[,1]"), ("just_comma", "[,]"), ("just_commas", "[ , , ]"),
        ("missing_comma", "[1 2]"), ("newline_for_comma", "[1\n2]"), ("strings_without_comma", #"["a""b"]"#),
        ("arrays_without_comma", "[[] []]"), ("number_then_array", "[3[4]]"),
        ("literals_without_comma", "[true false]"), ("colon", #"["a":1]"#), ("semicolon", "[1;2]"),
        ("comma_behind", "[1],"), ("extra_close", "[1]]"), ("double_open", "[[1]"), ("unclosed", "["),
        ("unclosed_after_space", "[ "), ("unclosed_after_value", "[1"), ("unclosed_after_comma", "[1,"),
        ("unclosed_over_lines", "[1,\n1\n,1"), ("unclosed_in_string", #"["a"#), ("unclosed_after_string", #"["a""#),
        ("unclosed_after_array", "[[]"), ("unclosed_in_literal", "[tru"), ("unclosed_after_literal", "[null"),
        ("unclosed_twice", "[1,[2,"), ("unclosed_after_object", "[{}"), ("closed_as_object", "[1}"),
        ("opened_as_object", "{1]"), ("stars", "[*]"), ("word", "[a]"), ("dots", "[...]"), ("text_behind", "[1]x"),
        ("value_behind", "[1] 2"), ("vertical_tab", "[\u{b}1]"), ("form_feed", "[1\u{c}]"),
    ]

    static let refusedNumbers: [Text] = [
        ("plus", "+1"), ("plus_plus", "++1"), ("minus_alone", "-"), ("minus_in_array", "[-]"), ("minus_minus", "--1"),
        ("minus_space", "- 1"), ("minus_word", "-a"), ("minus_dot", "-.5"), ("dot", "."), ("leading_dot", ".123"),
        ("dot_minus", ".-1"), ("dot_exponent", ".2e-3"), ("trailing_dot", "1."), ("negative_trailing_dot", "[-2.]"),
        ("dot_then_exponent", "2.e3"), ("dot_plus_exponent", "2.e+3"), ("dot_minus_exponent", "2.e-3"),
        ("zero_dot_exponent", "0.e1"), ("two_dots", "1..2"), ("two_fractions", "1.2.3"), ("e_alone", "1e"),
        ("capital_e_alone", "[1E]"), ("e_plus", "1e+"), ("e_minus", "1e-"), ("zero_e", "0e"), ("zero_e_plus", "0e+"),
        ("zero_capital_e", "0E"), ("zero_capital_e_plus", "[0E+]"), ("fraction_e", "1.0e"),
        ("fraction_e_plus", "1.0e+"), ("fraction_e_minus", "1.0e-"), ("two_e", "1eE2"), ("two_exponents", "0e1e1"),
        ("two_signs", "1e+-2"), ("exponent_word", "1ea"), ("exponent_fraction", "1e1.5"), ("space_in_exponent", "1e 5"),
        ("space_before_e", "1 e5"), ("space_before_dot", "1 .5"), ("e_first", "e5"), ("zero_first", "012"),
        ("minus_zero_first", "-01"), ("zeros", "00"), ("minus_zeros", "-00"), ("zeros_and_fraction", "[00.1]"),
        ("hexadecimal", "0x42"), ("hexadecimal_prefix", "0x"), ("binary", "0b1"), ("octal", "0o7"),
        ("underscore", "1_000"), ("space", "1 000"), ("comma", "1,000"), ("apostrophe", "1'000"), ("nan", "NaN"),
        ("minus_nan", "-NaN"), ("lowercase_nan", "nan"), ("inf", "Inf"), ("plus_inf", "+Inf"), ("infinity", "Infinity"),
        ("minus_infinity", "[-Infinity]"), ("sum", "1+2"), ("difference", "1-2"), ("word_behind", "1a"),
        ("suffix", "[1L]"), ("minus_behind", "1-"), ("fullwidth", "\u{ff11}"), ("minus_fullwidth", "-\u{ff11}"),
        ("fullwidth_fraction", "1.\u{ff11}"), ("arabic_digit", "\u{661}"), ("superscript", "1\u{b2}"),
        ("minus_sign", "\u{2212}1"), ("nul_behind", "1\u{0}"),
    ]

    static let refusedObjects: [Text] = [
        ("unclosed", "{"), ("unclosed_in_name", #"{"a"#), ("unclosed_after_name", #"{"a""#),
        ("unclosed_after_colon", #"{"a":"#), ("unclosed_after_value", #"{"a":1"#),
        ("unclosed_after_comma", #"{"a":1,"#), ("unclosed_in_value", #"{"a":"b"#),
        ("unclosed_after_object", #"{"a":{}"#), ("no_value", #"{"a":}"#), ("no_colon", #"{"a" 1}"#),
        ("name_only", #"{"a"}"#), ("second_name_only", #"{"a":1,"b"}"#), ("second_without_value", #"{"a":1,"b":}"#),
        ("value_only", #"{"a":1,2}"#), ("no_name", "{:1}"), ("comma_for_colon", #"{"a",1}"#),
        ("equals_for_colon", #"{"a"=1}"#), ("two_colons", #"{"a"::1}"#), ("name_unterminated", #"{"a:1}"#),
        ("text_before_colon", #"{"a" b:1}"#), ("two_values", #"{"a":1 2}"#), ("extra_comma", #"{"a":1,}"#),
        ("extra_commas", #"{"a":1,,,}"#), ("leading_comma", #"{,"a":1}"#), ("just_comma", "{,}"),
        ("repeated_comma", #"{"a":1,,"b":2}"#), ("missing_comma", #"{"a":1 "b":2}"#), ("semicolon", #"{"a":1;"b":2}"#),
        ("unquoted_name", "{a:1}"), ("unquoted_value", #"{"a":b}"#), ("single_quoted_name", "{'a':1}"),
        ("single_quoted_value", #"{"a":'b'}"#), ("number_name", "{1:1}"), ("null_name", "{null:1}"),
        ("array_name", "{[]:1}"), ("object_name", "{{}:1}"), ("emoji_name", "{\u{1f600}:1}"),
        ("closed_as_array", #"{"a":1]"#), ("bracket_inside", "{[}"), ("extra_close", #"{"a":1}}"#),
        ("garbage_behind", #"{"a":1}#"#), ("object_behind", #"{"a":1}{}"#), ("comment_behind", #"{"a":1}/**/"#),
        ("open_comment_behind", #"{"a":1}/*"#), ("line_comment_behind", #"{"a":1}//"#), ("slash_behind", #"{"a":1}/"#),
        ("comment_before_value", #"{"a":/*b*/1}"#), ("dots", #"{"a":1,...}"#), ("bad_escape_in_name", #"{"\x":1}"#),
        ("control_in_name", "{\"\t\":1}"),
    ]

    static let refusedStrings: [Text] = [
        ("lone_quote", "\""), ("unterminated", #""a"#), ("three_quotes", "\"\"\""), ("backslash_at_end", #""\"#),
        ("escaped_closing_quote", #""a\""#), ("escaped_closing_quote_in_array", #"["\"]"#), ("single_quoted", "'a'"),
        ("backticks", "`a`"), ("curly_quotes", "\u{201c}a\u{201d}"), ("unquoted", "abc"), ("text_behind", #""a" b"#),
        ("two", #""a" "b""#), ("sum", #""a"+"b""#), ("raw_nul", "\"\u{0}\""), ("raw_start_of_heading", "\"\u{1}\""),
        ("raw_backspace", "\"\u{8}\""), ("raw_tab", "\"a\tb\""), ("raw_newline", "\"a\nb\""), ("raw_return", "\"\r\""),
        ("raw_vertical_tab", "\"\u{b}\""), ("raw_form_feed", "\"\u{c}\""), ("raw_escape", "\"\u{1b}\""),
        ("raw_unit_separator", "\"\u{1f}\""), ("raw_tab_after_escape", "\"\\n\t\""),
        ("raw_nul_in_array", "[\"a\u{0}a\"]"), ("hex_escape", #""\x41""#), ("escape_a", #""\a""#),
        ("escape_v", #""\v""#), ("escape_zero", #""\0""#), ("escape_apostrophe", #""\'""#), ("escape_space", #""\ ""#),
        ("escape_capital_u", #""\U0041""#), ("escape_capital_n", #""\N""#), ("escape_raw_newline", "\"\\\n\""),
        ("escape_raw_tab", "\"\\\t\""), ("escape_raw_nul", "\"\\\u{0}\""), ("escape_emoji", "\"\\\u{1f600}\""),
        ("no_digits", #""\u""#), ("one_digit", #""\u1""#), ("two_digits", #""\u12""#), ("three_digits", #""\u123""#),
        ("three_digits_and_text", #""\u00A text""#), ("not_hexadecimal", #""\u123g""#), ("braces", #""\u{41}""#),
        ("plus_in_digits", #""\u+041""#), ("minus_in_digits", #""\u-041""#), ("space_in_digits", #""\u 041""#),
        ("x_in_digits", #""\u0x41""#), ("fullwidth_digits", "\"\\u\u{ff10}\u{ff10}\u{ff14}\u{ff11}\""),
        ("end_after_u", #""\u"#), ("end_in_digits", #""\u00"#), ("end_after_digits", #""\u0041"#),
        ("surrogate_then_backslash", #"["\uD800\"]"#), ("surrogate_then_u", #"["\uD800\u"]"#),
        ("surrogate_then_digit", #"["\uD800\u1"]"#), ("surrogate_then_not_hexadecimal", #"["\uD800\u1x"]"#),
        ("half_cut_pair", #""\uD83D\uDE0""#), ("end_in_pair", #""\uD83D\"#), ("surrogate_then_unknown", #""\uD83D\x""#),
        ("backslash_outside", #"\"#), ("escape_outside", #"[\n]"#), ("escaped_space_outside", #"[\u0020"a"]"#),
        ("escaped_quotes_outside", #"\"a\""#), ("entity", "&quot;a&quot;"),
    ]

    static let refusedStructures: [Text] = [
        ("nothing", ""), ("space", " "), ("newlines", "\r\n\n"), ("open_bracket_newline", "[\n"),
        ("close_bracket", "]"), ("close_brace", "}"), ("colon", ":"), ("lone_comma", ","), ("crossed", "[{]}"),
        ("crossed_deeper", #"[{"a":[1}]"#), ("capital_true", "True"), ("capitals_true", "TRUE"),
        ("capital_false", "[False]"), ("capital_null", "Null"), ("capitals_null", "NULL"), ("cut_null", "nul"),
        ("cut_true", "[tru]"), ("cut_false", "fals"), ("misspelt", "trux"), ("long_null", "nulll"),
        ("long_true", "[truee]"), ("joined", "truefalse"), ("undefined", "undefined"), ("none", "None"),
        ("two_values", "true false"), ("two_objects", "{}{}"), ("two_arrays", "[][]"), ("two_lines", "{}\n{}"),
        ("comma_behind", "1,"), ("comma_before", ",1"), ("parentheses", "(1)"), ("angle_brackets", "<null>"),
        ("bracket_in_angle", "<[]>"), ("markup", "<a>1</a>"), ("yaml", "a: 1"), ("callback", "f({})"),
        ("guard_prefix", ")]}'\n[]"), ("asterisk", "*"), ("ampersand", "[&1]"), ("at_sign", "@"),
        ("line_comment", "//a\n1"), ("block_comment", "/*a*/1"), ("block_comment_inside", "[1/*a*/]"),
        ("line_comment_inside", "[1,//a\n2]"), ("comment_behind", "1//a"), ("hash_comment", "#a\n1"), ("slash", "/"),
        ("nul", "\u{0}"), ("nul_before", "\u{0}[]"), ("nul_behind", "[]\u{0}"), ("nul_between", "[1,\u{0}2]"),
        ("record_separator", "\u{1e}[]"), ("form_feed", "\u{c}[]"), ("vertical_tab", "[]\u{b}"), ("delete", "[]\u{7f}"),
        ("next_line", "[\u{85}]"), ("no_break_space", "[\u{a0}]"), ("em_space", "[\u{2003}]"),
        ("no_width", "[\u{200b}]"), ("line_separator", "[\u{2028}]"), ("paragraph_separator", "[]\u{2029}"),
        ("word_joiner", "[\u{2060}]"), ("ideographic_space", "\u{3000}[]"), ("bom_between", "[\u{feff}]"),
        ("bom_behind", "[]\u{feff}"), ("open_brackets", repeated("[", 100_000)),
        ("open_objects", repeated("{\"\":", 100_000)), ("open_both", repeated("[{\"\":", 50_000)),
        ("few_open_brackets", repeated("[", 100)), ("one_close_missing", nested("[", 100, "]", 99)),
        ("close_brackets", repeated("]", 100_000)),
    ]

    static let refusedEncodings: [Raw] = [
        ("lone_lead", [0xE5]), ("lone_continuation", [0x80]), ("invalid_in_array", [0x5B, 0xFF, 0x5D]),
        ("invalid_after_word", [0x5B, 0x61, 0xE5, 0x5D]), ("invalid_after_integer", [0x5B, 0x31, 0xE5, 0x5D]),
        ("invalid_after_minus", [0x5B, 0x2D, 0xE5, 0x5D]), ("invalid_after_zero", [0x30, 0xE5]),
        ("invalid_in_exponent", [0x31, 0x65, 0xE5]), ("invalid_after_exponent", [0x31, 0x65, 0x31, 0xE5]),
        ("invalid_in_literal", [0x74, 0x72, 0xE5, 0x65]), ("invalid_for_name", [0x7B, 0xB9, 0x3A, 0x30, 0x7D]),
        ("invalid_behind", [0x5B, 0x5D, 0xC3]), ("invalid_escape", [0x22, 0x5C, 0xE5, 0x22]),
        ("invalid_after_u", [0x22, 0x5C, 0x75, 0xE5, 0x22]), ("bom_alone", [0xEF, 0xBB, 0xBF]),
        ("invalid_in_digits", [0x22, 0x5C, 0x75, 0x30, 0x30, 0x65, 0xE5, 0x22]), ("cut_bom", [0xEF, 0xBB, 0x7B, 0x7D]),
    ]
}

// What the RFC leaves open.
extension CorpusTests {
    static let openAccepted: [Text] = [
        ("minus_zero", "-0"), ("minus_zero_in_array", "[-0]"), ("underflow", "1e-400"), ("minus_underflow", "-1e-500"),
        ("underflow_of_fraction", "[123.456e-789]"), ("deep_underflow", "123e-10000000"),
        ("depth_128", nested("[", 128, "]", 128)),
        ("depth_128_of_objects", nested("{\"a\":", 128, "}", 128, inside: "0")),
    ]

    static let openRefused: [Text] = [
        ("repeated_name", #"{"a":1,"a":2}"#), ("repeated_name_and_value", #"{"a":1,"a":1}"#),
        ("repeated_empty_name", #"{"":1,"":2}"#), ("repeated_escaped_name", #"{"a":1,"\u0061":2}"#),
        ("repeated_name_inside", #"[{"b":{"a":1,"c":2,"a":3}}]"#),
        ("repeated_name_of_many", "{\(fortyMembers),\"k20\":1}"), ("integer_too_great", "9223372036854775808"),
        ("integer_too_small", "[-9223372036854775809]"), ("unsigned_64_bits", "18446744073709551615"),
        ("integer_beyond_64_bits", "100000000000000000000"),
        ("negative_beyond_64_bits", "-123123123123123123123123123123"), ("overflow", "1e309"),
        ("minus_overflow", "-1e309"), ("overflow_by_rounding", "1.7976931348623159e308"),
        ("overflow_in_array", "[0.4e+9999]"), ("overflow_of_exponent", "1e\(repeated("9", 40))"),
        ("capital_overflow", "-1.5E+9999"), ("high_alone", #""\uD83D""#), ("low_alone", #""\uDE00""#),
        ("lowercase_high_alone", #""\ud800abc""#), ("high_then_text", #""\uD83Dabcdef""#),
        ("high_then_escape", #""\uD800\n""#), ("two_highs", #""\uD800\uD800""#),
        ("high_then_letter", #""\uD888\u1234""#), ("inverted_pair", #""\uDd1e\uD834""#),
        ("two_lows", #""\uDC00\uDC00""#), ("high_before_pair", #""\uD800\uD83D\uDE00""#),
        ("low_after_pair", #""\uD83D\uDE00\uDE00""#), ("high_in_name", #"{"\uDADA":0}"#),
        ("bom_and_object", "\u{feff}{}"), ("bom_and_space", "\u{feff} 1"), ("depth_129", nested("[", 129, "]", 129)),
        ("depth_129_of_both", nested("[{\"a\":", 64, "}]", 64, inside: "[]")),
        ("depth_500", nested("[", 500, "]", 500)),
    ]

    static let openRefusedInStrings: [Raw] = [
        ("latin_1", [0xE9]), ("continuation", [0x81]), ("two_continuations", [0x80, 0xBF]), ("ff", [0xFF]),
        ("fe", [0xFE]), ("overlong_two", [0xC0, 0xAF]), ("overlong_nul", [0xC0, 0x80]), ("overlong_c1", [0xC1, 0xBF]),
        ("overlong_three", [0xE0, 0x80, 0xAF]), ("overlong_last_of_three", [0xE0, 0x9F, 0xBF]),
        ("overlong_four", [0xF0, 0x80, 0x80, 0xAF]), ("overlong_last_of_four", [0xF0, 0x8F, 0xBF, 0xBF]),
        ("overlong_five", [0xF8, 0x80, 0x80, 0x80, 0x80]), ("overlong_six", [0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF]),
        ("surrogate_high", [0xED, 0xA0, 0x80]), ("surrogate_low", [0xED, 0xBF, 0xBF]),
        ("surrogate_pair", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]), ("beyond_last", [0xF4, 0x90, 0x80, 0x80]),
        ("far_beyond_last", [0xF5, 0x80, 0x80, 0x80]), ("cut_of_two", [0xC3]), ("cut_of_three", [0xE2, 0x82]),
        ("cut_of_four", [0xF0, 0x9F, 0x98]), ("cut_by_ascii", [0xE2, 0x28, 0xA1]), ("cut_by_lead", [0xE2, 0xC3, 0xA9]),
        ("cut_by_escape", [0xC3, 0x5C, 0x6E]), ("after_escape", [0x5C, 0x6E, 0xFF]),
        ("one_continuation_too_many", [0xC3, 0xA9, 0xA9]),
    ]

    static let openRefusedBytes: [Raw] = [
        ("invalid_in_name", [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x30, 0x7D]),
        ("utf_16_little_endian", [0x5B, 0x00, 0x31, 0x00, 0x5D, 0x00]),
        ("utf_16_big_endian", [0x00, 0x5B, 0x00, 0x5D]),
        ("utf_16_little_endian_bom", [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]),
        ("utf_16_big_endian_bom", [0xFE, 0xFF, 0x00, 0x5B, 0x00, 0x5D]),
        ("utf_32_little_endian", [0x31, 0x00, 0x00, 0x00]), ("bom_and_array", [0xEF, 0xBB, 0xBF, 0x5B, 0x5D]),
    ]
}
