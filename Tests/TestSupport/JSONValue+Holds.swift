package import FlowJSON

extension JSONValue {
    /// Whether everything that is expected is there: of objects the members that are named, of lists every element.
    package func holds(_ expected: JSONValue) -> Bool {
        switch (self, expected) {
        case (.object(let object), .object(let other)):
            other.members.allSatisfy { member in object[member.name]?.holds(member.value) ?? false }
        case (.array(let elements), .array(let others)):
            elements.count == others.count && zip(elements, others).allSatisfy { $0.holds($1) }
        default: self == expected
        }
    }
}
