import FlowJSON

extension JSONValue {
    /// About how many bytes the value takes in memory.
    var weight: Int {
        switch self {
        case .null, .bool, .integer, .double: 24
        case .string(let text): 40 + text.utf8.count
        case .array(let elements): elements.reduce(56) { $0 + $1.weight }
        case .object(let members): members.members.reduce(56) { $0 + 40 + $1.name.utf8.count + $1.value.weight }
        }
    }
}
