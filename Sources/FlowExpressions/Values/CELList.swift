public import FlowJSON

/// A list: made by an expression, or read from JSON in place.
public enum CELList: Sendable {
    /// Elements that an expression made.
    case values([CELValue])
    /// Elements of a JSON array.
    case json([JSONValue])

    /// How many elements there are.
    public var count: Int {
        switch self {
        case .values(let elements): elements.count
        case .json(let elements): elements.count
        }
    }

    /// The element at a position, which has to be one of the list's.
    public subscript(position: Int) -> CELValue {
        switch self {
        case .values(let elements): elements[position]
        case .json(let elements): CELValue(elements[position])
        }
    }

    /// The elements as an array of their own.
    public var elements: [CELValue] {
        switch self {
        case .values(let elements): elements
        case .json(let elements): elements.map(CELValue.init)
        }
    }
}
