import FlowCore
import FlowJSON
import Testing

@testable import FlowEngine

@Suite("secrets in chunks")
struct ChunkFilterTests {
    private static let secrets = Secrets(["k": "key-0123456789", "line": "zwei\nZeilen"])

    /// What is handed out behind each chunk, and at the end.
    private static func passed(_ chunks: [JSONValue]) -> [[JSONValue]] {
        var filter = ChunkFilter(secrets)
        let passed = chunks.map { filter.take($0) }
        return passed + [filter.rest()]
    }

    @Test("a secret that is split is cleared where it begins, and no chunk is lost or merged")
    func split() {
        let first = Self.passed(["<key-", "0123456789>", "!"])
        #expect(first == [[], ["<[secret k]", ">"], ["!"], []])
        let members = Self.passed([["c": "key-01", "n": 1], ["c": "23456789", "n": 2]])
        #expect(members == [[], [["c": "[secret k]", "n": 1], ["c": "", "n": 2]], []])
        let lists = Self.passed([["a", ["key-01"]], ["b", ["23456789"]]])
        #expect(lists == [[], [["a", ["[secret k]"]], ["b", [""]]], []])
        let single = Self.passed("zwei\nZeilen, key-0123456789.".map { .string(String($0)) }).flatMap { $0 }
        #expect(single.count == 28 && single.compactMap(\.string).joined() == "[secret line], [secret k].")
    }

    @Test("what only looks like the beginning goes on as it was, in its order")
    func alike() {
        #expect(Self.passed(["a key-", "ring", "b"]) == [[], ["a key-", "ring"], ["b"], []])
        #expect(Self.passed(["plain;", "", ["x": 1], .null]) == [["plain;"], [""], [["x": 1]], [.null], []])
        #expect(Self.passed(["a key-"]) == [[], ["a key-"]])
        // Texts at other places are no part of it, and wait behind it.
        let other: [JSONValue] = [["c": "key-01"], ["d": "23456789"], ["c": "x"]]
        #expect(Self.passed(other) == [[], [], other, []])
    }

    @Test("a secret over chunks between which others come is found, and no chunk waits for ever")
    func between() {
        let mixed = Self.passed([["c": "key-01"], ["d": 1], ["c": "23456789"]])
        #expect(mixed == [[], [], [["c": "[secret k]"], ["d": 1], ["c": ""]], []])
        var filter = ChunkFilter(Self.secrets)
        #expect(filter.take("key-01") == [])
        var passed = 0
        for number in 0..<100 { passed += filter.take(["d": .integer(Int64(number))]).count }
        #expect(passed == 101 && filter.rest() == [])
    }

    @Test("whole secrets, encodings, names and numbers are cleared as in outputs")
    func whole() {
        #expect(Self.passed(["zwei\\nZeilen;"]) == [["[secret line];"], []])
        #expect(Self.passed([["key-0123456789": 1]]) == [[["[secret k]": 1]], []])
    }
}
