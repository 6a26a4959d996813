/// Node types by name.
public struct NodeTypeCatalog: Sendable {
    private var types: [String: any NodeType] = [:]
    private var order: [String] = []

    /// Makes a catalog; of two types with one name the later wins.
    public init(_ types: [any NodeType] = []) {
        for type in types { register(type) }
    }

    /// Adds a type, or replaces the one of its name.
    public mutating func register(_ type: any NodeType) {
        let name = type.description.name
        if types.updateValue(type, forKey: name) == nil { order.append(name) }
    }

    /// The type of that name.
    public subscript(name: String) -> (any NodeType)? { types[name] }

    /// The types in the order in which they were added.
    public var descriptions: [NodeTypeDescription] { order.compactMap { types[$0]?.description } }
}
