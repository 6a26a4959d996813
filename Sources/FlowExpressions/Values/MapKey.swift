/// A key as a map tells it apart: equal numbers of different types are one key, texts are compared by their bytes.
enum MapKey: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    /// A number beyond the signed range.
    case large(UInt64)
    case string(StringKey)

    /// A text that is equal to another one only when its bytes are.
    struct StringKey: Hashable, Sendable {
        let text: String

        static func == (left: StringKey, right: StringKey) -> Bool { left.text.hasSameBytes(as: right.text) }
    }

    /// The key for a text.
    static func string(_ text: String) -> MapKey { .string(StringKey(text: text)) }

    /// The key that finds a value, `nil` for values that are in no map.
    init?(_ value: CELValue) {
        switch value {
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int(number)
        case .uint(let number): self = Int64(exactly: number).map { .int($0) } ?? .large(number)
        case .double(let number):
            if let integer = Int64(exactly: number) {
                self = .int(integer)
            } else if let integer = UInt64(exactly: number) {
                self = .large(integer)
            } else {
                return nil
            }
        case .string(let text): self = .string(text)
        default: return nil
        }
    }
}
