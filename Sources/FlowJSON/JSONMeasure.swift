/// How large a value's text would be, found without writing it.
///
/// Values share their parts in memory, so that a small one can stand for a text of any length: the measure stops as soon
/// as a bound is passed.
public struct JSONMeasure: Sendable {
    /// Why a value is not measured to its end.
    public enum Excess: Hashable, Sendable {
        /// The text is longer than the bound.
        case size
        /// The value nests deeper than the bound.
        case depth
    }

    private let maxBytes: Int
    private let maxDepth: Int
    private var bytes = 0
    private var excess: Excess?

    /// The length of a value's compact text in bytes.
    ///
    /// - Returns: the length, or which bound was passed.
    public static func size(
        of value: JSONValue, maxBytes: Int, maxDepth: Int = .max
    ) -> (bytes: Int, excess: Excess?) {
        var measure = JSONMeasure(maxBytes: maxBytes, maxDepth: maxDepth)
        measure.add(value, depth: 0)
        return (measure.bytes, measure.excess)
    }

    private init(maxBytes: Int, maxDepth: Int) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
    }

    private mutating func add(_ value: JSONValue, depth: Int) {
        guard excess == nil else { return }
        switch value {
        case .null: bytes += 4
        case .bool(let flag): bytes += flag ? 4 : 5
        case .integer(let number): bytes += Self.digits(number)
        case .double(let number): bytes += number.isFinite ? number.description.utf8.count : 4
        case .string(let text): add(text)
        case .array(let elements):
            guard enter(depth) else { return }
            bytes += 2 + max(0, elements.count - 1)
            for element in elements { add(element, depth: depth + 1) }
        case .object(let object):
            guard enter(depth) else { return }
            bytes += 2 + max(0, object.count - 1) + object.count
            for member in object.members {
                add(member.name)
                add(member.value, depth: depth + 1)
                if excess != nil { return }
            }
        }
        if bytes > maxBytes { excess = .size }
    }

    private static func digits(_ number: Int64) -> Int {
        var count = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }

    private mutating func enter(_ depth: Int) -> Bool {
        if depth >= maxDepth { excess = .depth }
        return excess == nil
    }

    private mutating func add(_ text: String) {
        bytes += 2 + text.utf8.count
        let units = text.utf8Span.span
        for index in units.indices {
            switch units[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                bytes += 1
            case 0..<0x20: bytes += 5
            default: break
            }
        }
    }
}
