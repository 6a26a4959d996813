/// A JSON value (RFC 8259) as the service carries it: payloads, configuration, results.
///
/// Integers are exact over the whole signed 64-bit range; every other number is an IEEE double.
/// Objects keep the order in which their members arrived.
public enum JSONValue: Hashable, Sendable {
    /// The literal `null`.
    case null
    /// The literals `true` and `false`.
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number. Never NaN or infinite when it came from the parser.
    case double(Double)
    /// A text.
    case string(String)
    /// An ordered list.
    case array([JSONValue])
    /// Members in the order of arrival.
    case object(JSONObject)
}

extension JSONValue {
    /// The text of a string value, else `nil`.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The truth value of a boolean, else `nil`.
    public var bool: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// The integer, also of a double that is exactly integral, else `nil`.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .double(let number) where number >= -0x1p63 && number < 0x1p63 && Double(Int64(number)) == number:
            Int64(number)
        default: nil
        }
    }

    /// The number as a double, else `nil`.
    public var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The elements of an array, else `nil`.
    public var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object, else `nil`.
    public var object: JSONObject? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Whether the value is `null`.
    public var isNull: Bool { self == .null }

    /// The name of the value's JSON type, as error messages say it.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The member of that name when the value is an object that has it.
    public subscript(name: String) -> JSONValue? { object?[name] }

    /// The element at that position when the value is an array that reaches so far.
    public subscript(position: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(position) else { return nil }
        return elements[position]
    }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes a boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes an integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Makes a double.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// Makes a string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// Makes an array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// Makes an object; of two equal names the later one wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var members = JSONObject()
        for (name, value) in elements { members[name] = value }
        self = .object(members)
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as compact JSON text.
    public var description: String { String(decoding: JSONWriter.bytes(of: self), as: UTF8.self) }
}
