import FlowExpressions
import FlowJSON

/// Values as the cases write them: `{"type": "int", "value": "1"}`.
enum TypedValue {
    /// A value that cannot be read.
    struct Malformed: Error, CustomStringConvertible {
        let value: JSONValue
        var description: String { "malformed value \(value)" }
    }

    static func decode(_ json: JSONValue) throws -> CELValue {
        let value = json["value"]
        switch json["type"]?.string {
        case "null": return .null
        case "bool": if let flag = value?.bool { return .bool(flag) }
        case "int": if let number = value?.string.flatMap({ Int64($0) }) { return .int(number) }
        case "uint": if let number = value?.string.flatMap({ UInt64($0) }) { return .uint(number) }
        case "double": if let number = value?.string.flatMap({ Double($0) }) { return .double(number) }
        case "string": if let text = value?.string { return .string(text) }
        case "bytes":
            if let text = value?.string,
                case .bytes(let bytes) = try CELExpression("base64.decode(x)").evaluate(["x": .string(text)])
            {
                return .bytes(bytes)
            }
        case "list":
            if let elements = value?.array { return .list(.values(try elements.map(decode))) }
        case "map":
            if let pairs = value?.array { return try map(pairs) }
        case "type": if let name = value?.string { return .type(CELType(name)) }
        case "timestamp":
            if let (seconds, nanoseconds) = time(json) {
                return .timestamp(try CELTimestamp(seconds: seconds, nanoseconds: nanoseconds))
            }
        case "duration":
            if let (seconds, nanoseconds) = time(json) {
                return .duration(CELDuration(nanoseconds: seconds * 1_000_000_000 + Int64(nanoseconds)))
            }
        default: break
        }
        throw Malformed(value: json)
    }

    private static func map(_ pairs: [JSONValue]) throws -> CELValue {
        var entries: [(CELValue, CELValue)] = []
        for pair in pairs {
            guard let key = pair[0], let value = pair[1] else { throw Malformed(value: pair) }
            entries.append((try decode(key), try decode(value)))
        }
        return .map(try CELMap(entries))
    }

    private static func time(_ json: JSONValue) -> (Int64, Int32)? {
        guard let seconds = json["seconds"].flatMap({ $0.integer ?? $0.string.flatMap { Int64($0) } }) else {
            return nil
        }
        return (seconds, Int32(json["nanos"]?.integer ?? 0))
    }

    /// Whether a value is the expected one, types included; a number that is none equals another one.
    static func matches(_ value: CELValue, _ expected: JSONValue) -> Bool {
        guard let wanted = try? decode(expected) else { return false }
        return areSame(value, wanted)
    }

    private static func areSame(_ left: CELValue, _ right: CELValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.uint(let a), .uint(let b)): a == b
        case (.double(let a), .double(let b)): a == b || (a.isNaN && b.isNaN)
        case (.string(let a), .string(let b)): a.unicodeScalars.elementsEqual(b.unicodeScalars)
        case (.bytes(let a), .bytes(let b)): a == b
        case (.type(let a), .type(let b)): a == b
        case (.timestamp(let a), .timestamp(let b)): a == b
        case (.duration(let a), .duration(let b)): a == b
        case (.list(let a), .list(let b)):
            a.count == b.count && (0..<a.count).allSatisfy { areSame(a[$0], b[$0]) }
        case (.map(let a), .map(let b)):
            a.count == b.count
                && a.entries.allSatisfy { entry in
                    b.entries.contains { areSame(entry.key, $0.key) && areSame(entry.value, $0.value) }
                }
        case (.optional(let a), _): a.value.map { areSame($0, right) } ?? false
        default: false
        }
    }

    /// A value as messages show it.
    static func encode(_ value: CELValue) -> String {
        "\(value.type) " + ((try? value.json().description) ?? "without JSON")
    }
}
