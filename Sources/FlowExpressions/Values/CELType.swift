/// The name of a type, which is a value of its own in the language.
public struct CELType: Hashable, Sendable, CustomStringConvertible {
    /// The type's name, as expressions write it.
    public let name: String

    /// Makes a type of that name.
    public init(_ name: String) { self.name = name }

    /// The type's name.
    public var description: String { name }

    static let null = CELType("null_type")
    static let bool = CELType("bool")
    static let int = CELType("int")
    static let uint = CELType("uint")
    static let double = CELType("double")
    static let string = CELType("string")
    static let bytes = CELType("bytes")
    static let list = CELType("list")
    static let map = CELType("map")
    static let timestamp = CELType("google.protobuf.Timestamp")
    static let duration = CELType("google.protobuf.Duration")
    static let type = CELType("type")
    static let optional = CELType("optional_type")

    /// The types that an expression can name.
    static let named: [String: CELType] = {
        var types: [String: CELType] = [:]
        for type in [
            null, bool, int, uint, double, string, bytes, list, map, timestamp, duration, type, optional,
        ] {
            types[type.name] = type
        }
        return types
    }()
}
