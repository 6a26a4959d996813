import FlowCore
import FlowJSON

extension BackendTestSuite {
    /// Sends a value there and back, over the wire and through the engine.
    private static func echo(
        _ trial: Trial, _ value: JSONValue, _ what: String, isLarge: Bool = false
    ) async throws {
        let sample = try trial.sample(.echoes)
        let answer = try await trial.execute(sample.on(value), on: isLarge ? trial.wire.large : nil)
        try answer.expect(Trial.same(try answer.output(), value), "\(what) as it was sent")
        let run = try await trial.run([sample.node("a")], input: value, on: isLarge ? trial.bench.largeName : nil)
        try run.expectCompleted()
        try run.expect(Trial.same(try run.output("a"), value), "\(what) as it was sent")
    }

    private static func echoText(_ trial: Trial, bytes: Int) async throws {
        guard trial.bench.contract.maxPayloadBytes > bytes + 4096 else {
            throw ConformanceSkip(reason: "the backend promises a max_payload_bytes below \(bytes)")
        }
        let rows = (0..<bytes / 100).map { row in
            JSONValue.string("\(row) " + String(repeating: "x", count: 96 - String(row).utf8.count))
        }
        try await echo(trial, ["rows": .array(rows)], "\(bytes) bytes of JSON", isLarge: true)
    }

    /// Values that are large or odd.
    static let payloadCases: [ConformanceCase] = [
        ConformanceCase(
            .l2, "payload", "one-megabyte", "an input and output of 1 MB come through",
            why: "Documents are of that size."
        ) { trial in try await echoText(trial, bytes: 1_000_000) },
        ConformanceCase(
            .l2, "payload", "five-megabytes", "an input and output of 5 MB come through",
            why: "Half of what an engine takes by default; buffers of a fixed size show here."
        ) { trial in try await echoText(trial, bytes: 5_000_000) },
        ConformanceCase(
            .l2, "payload", "many-members", "an object of five thousand members comes through, each with its value",
            why: "Maps of that size are common, and some parsers bound them."
        ) { trial in
            var object = JSONObject()
            for number in 0..<5000 { object["member \(number)"] = .integer(Int64(number)) }
            try await echo(trial, .object(object), "all 5000 members")
        },
        ConformanceCase(
            .l2, "payload", "deep-nesting", "a value that nests sixty levels deep comes through",
            why: "Parsers recurse; one that overflows takes the backend down."
        ) { trial in
            var value: JSONValue = "the innermost"
            for level in 0..<60 { value = level.isMultiple(of: 2) ? [value] : ["inner": value] }
            try await echo(trial, value, "all 60 levels")
            try await trial.expectAlive("a value of 60 levels")
        },
        ConformanceCase(
            .l2, "payload", "unicode", "texts of any script come back byte by byte, also as names of members",
            why: "Normalising or replacing characters changes names of people and files."
        ) { trial in
            let texts = [
                "Ünïcödé", "e\u{301}", "\u{E9}", "日本語", "עברית", "👩‍👩‍👧‍👦", "𝄞", "\u{2028}\u{2029}", "\u{FEFF}x",
                "tab\tline\nreturn\r",
                "\"quotes\" \\ and / slashes", "\u{1}\u{1F}\u{7F}", "\u{FFFD}\u{10FFFF}",
            ]
            let sample = try trial.sample(.echoes)
            let answer = try await trial.execute(sample.on(.array(texts.map { .string($0) })))
            let output = try answer.output().array ?? []
            try answer.expect(output.count == texts.count, "\(texts.count) texts")
            for (text, found) in zip(texts, output) {
                let scalars = text.unicodeScalars.map { "U+" + String($0.value, radix: 16, uppercase: true) }
                try answer.expect(
                    found.string.map { $0.utf8.elementsEqual(text.utf8) } ?? false,
                    "the text \(scalars.joined(separator: " ")) as it was sent")
            }
            var members = JSONObject()
            for (index, text) in texts.enumerated() { members[text] = .integer(Int64(index)) }
            try await echo(trial, .object(members), "names of all scripts")
        },
        ConformanceCase(
            .l2, "payload", "nul", "a text with U+0000 comes back as it was",
            why: "Languages whose texts end at NUL cut it off there."
        ) { trial in try await echo(trial, ["text": "before\u{0}after"], "the text with its NUL") },
        ConformanceCase(
            .l2, "payload", "numbers", "fractions, exponents and integers of 53 bits come back as the same numbers",
            why: "Amounts of money must not change on their way."
        ) { trial in
            let numbers: [JSONValue] = [
                0, 1, -1, 0.1, -0.5, 2.5e-8, 1.5e300, 123_456_789.123_456_7, 9_007_199_254_740_991,
                -9_007_199_254_740_991,
                0.30000000000000004,
            ]
            try await echo(trial, .array(numbers), "each number")
        },
        ConformanceCase(
            .l2, "payload", "large-integers", "integers of 64 bits come back exactly",
            why: "Ids of databases are of that size; as doubles the last digits are wrong."
        ) { trial in
            guard trial.bench.capabilities["exact_integers"] != false else {
                throw ConformanceSkip(reason: "the backend declares that it lacks the capability \"exact_integers\"")
            }
            try await echo(
                trial, [9_007_199_254_740_993, .integer(.max), .integer(.min)], "each integer to its last digit")
        },
        ConformanceCase(
            .l2, "payload", "empty", "empty objects, lists and texts stay what they are",
            why: "Some languages cannot tell an empty list from an empty object, or from nothing."
        ) { trial in
            try await echo(
                trial, ["object": [:], "list": [], "text": "", "null": .null, "zero": 0], "each empty value")
        },
    ]
}
