import FlowJSON
import Testing

@Suite("measuring JSON", .timeLimit(.minutes(1)))
struct MeasureTests {
    static let values: [JSONValue] = [
        .null, true, false, 0, -12, 1.5, .double(.infinity), "", "a\"\\\n\r\t\u{1}é😀", [], [1], [1, [2, "x"], [:]], [:],
        ["a": 1], ["a": ["b": [.null]], "c\"": "d"],
    ]

    @Test("the measure is the length of what the writer writes", arguments: values)
    func sizes(value: JSONValue) {
        let measured = JSONMeasure.size(of: value, maxBytes: 1000)
        #expect(measured.bytes == JSONWriter.bytes(of: value).count && measured.excess == nil)
    }

    @Test("a value whose text would be endless is measured only up to the bound")
    func bounds() {
        var value: JSONValue = "x"
        for _ in 0..<100 { value = [value, value] }
        #expect(JSONMeasure.size(of: value, maxBytes: 10_000).excess == .size)
        #expect(JSONMeasure.size(of: value, maxBytes: 10_000, maxDepth: 99).excess == .depth)
        #expect(JSONMeasure.size(of: [[1]], maxBytes: 100, maxDepth: 2).excess == nil)
        #expect(JSONMeasure.size(of: [[[1]]], maxBytes: 100, maxDepth: 2).excess == .depth)
    }
}
