import FlowCore
import Testing

@Suite("names of definitions", .timeLimit(.minutes(1)))
struct DefinitionReferenceTests {
    static let long = String(repeating: "x", count: 128)

    @Test(
        "a reference is a name, or a name and a version",
        arguments: [
            ("a", "a", nil), ("order-intake_2.b", "order-intake_2.b", nil), ("9", "9", nil), ("a@1", "a", 1),
            ("a@999999999", "a", 999_999_999), (long, long, nil), (long + "@12", long, 12),
        ] as [(String, String, Int?)])
    func references(text: String, name: String, version: Int?) {
        let reference = DefinitionReference(checking: text)
        #expect(reference?.name.rawValue == name && reference?.version == version && reference?.description == text)
        #expect(DefinitionID(checking: text)?.description == (version == nil ? nil : text))
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "@", "@1", "a@", "a@0", "a@01", "a@+1", "a@-1", "a@1000000000", "a@1 ", "a@1@2", "a@b", "a@\u{661}",
            "-a", ".a", "a b", "a/b", "é", "\u{212A}", long + "x",
        ])
    func refusals(text: String) {
        #expect(DefinitionReference(checking: text) == nil && DefinitionID(checking: text) == nil)
    }

    @Test("a name stands for every version of it, a version for itself")
    func inclusion() {
        let id = DefinitionID("a", version: 2)
        #expect(DefinitionReference("a").includes(id) && DefinitionReference(id).includes(id))
        #expect(!DefinitionReference("a", version: 1).includes(id) && !DefinitionReference("b").includes(id))
        #expect(DefinitionReference("a").id == nil && DefinitionReference(id).id == id)
    }
}
