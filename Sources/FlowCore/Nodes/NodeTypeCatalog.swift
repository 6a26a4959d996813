/// Node types by name.
public struct NodeTypeCatalog: Sendable {
    private var names: [String] = []
    private var types: [any NodeType] = []
    private var pure: [(any PureNodeType)?] = []
    /// The types in the order in which they were added.
    public private(set) var descriptions: [NodeTypeDescription] = []

    /// Makes a catalog; of two types with one name the later wins.
    public init(_ types: [any NodeType] = []) {
        for type in types { register(type) }
    }

    /// Adds a type, or replaces the one of its name.
    public mutating func register(_ type: any NodeType) {
        let description = type.description
        if let index = names.firstIndex(of: description.name) {
            types[index] = type
            descriptions[index] = description
            pure[index] = type as? any PureNodeType
        } else {
            names.append(description.name)
            types.append(type)
            descriptions.append(description)
            pure.append(type as? any PureNodeType)
        }
    }

    /// The type of that name. There are few, and their names are short: comparing them one by one is the faster way.
    public subscript(name: String) -> (any NodeType)? {
        names.firstIndex(of: name).map { types[$0] }
    }

    /// The type of that name, when it is one of pure computation.
    public func pureType(_ name: String) -> (any PureNodeType)? {
        names.firstIndex(of: name).flatMap { pure[$0] }
    }
}
