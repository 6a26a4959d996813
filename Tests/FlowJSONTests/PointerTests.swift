import FlowJSON
import Testing

@Suite("pointers")
struct PointerTests {
    @Test("a pointer that is written is read back", arguments: ["", "/a", "/a/0/b", "/a~1b/m~0n", "/", "/01", "/ü"])
    func roundTrip(text: String) { #expect(JSONPointer(parsing: text)?.description == text) }

    @Test("digits are positions, unless another text is meant")
    func tokens() {
        #expect(JSONPointer(parsing: "/0/12") == [0, 12])
        #expect(JSONPointer(parsing: "/01") == ["01"])
        #expect(JSONPointer(parsing: "/") == [""])
    }

    @Test("what is no pointer is none", arguments: ["a", "a/b", "/~", "/~2", "/a~"])
    func refusals(text: String) { #expect(JSONPointer(parsing: text) == nil) }
}
