public import FlowJSON

/// A value of the Common Expression Language.
///
/// JSON is read in place: a list or map that came from JSON is only looked into where an expression does so.
public enum CELValue: Sendable {
    /// The value `null`.
    case null
    /// A truth value.
    case bool(Bool)
    /// A signed integer of 64 bits.
    case int(Int64)
    /// An unsigned integer of 64 bits.
    case uint(UInt64)
    /// An IEEE double.
    case double(Double)
    /// A text of Unicode code points, never normalized.
    case string(String)
    /// A sequence of bytes.
    case bytes([UInt8])
    /// A list.
    case list(CELList)
    /// A map.
    case map(CELMap)
    /// An instant.
    case timestamp(CELTimestamp)
    /// A span of time.
    case duration(CELDuration)
    /// A type, as `type(x)` gives it.
    case type(CELType)
    /// A value that may be absent.
    case optional(CELOptional)
}

extension CELValue {
    /// Wraps a JSON value without copying its parts: integers are `int`, all other numbers `double`.
    public init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(.json(elements))
        case .object(let members): self = .map(.json(members))
        }
    }

    /// Wraps an object whose members are found when they are asked for.
    public init(_ object: any VariableObject) { self = .map(.object(object)) }

    /// The value's type.
    public var type: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list: .list
        case .map: .map
        case .timestamp: .timestamp
        case .duration: .duration
        case .type: .type
        case .optional: .optional
        }
    }
}
