/// A span of time to the nanosecond, up to about 292 years.
public struct CELDuration: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The span, which may be negative.
    public let nanoseconds: Int64

    /// Makes a span.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    init(checked nanoseconds: Int128) throws(EvaluationError) {
        guard let number = Int64(exactly: nanoseconds) else {
            throw EvaluationError(.overflow, "the duration is beyond its range")
        }
        self.nanoseconds = number
    }

    /// Spans are ordered by length, negative ones first.
    public static func < (left: CELDuration, right: CELDuration) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The span in seconds, as `90.5s`.
    public var description: String {
        let magnitude = nanoseconds.magnitude
        return (nanoseconds < 0 ? "-" : "") + String(magnitude / 1_000_000_000)
            + Self.fraction(Int64(magnitude % 1_000_000_000)) + "s"
    }

    /// A fraction of a second with its point, without zeros at its end.
    static func fraction(_ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "" }
        var digits = String(nanoseconds)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "." + digits
    }
}

extension CELDuration {
    private static let units: [(name: String, nanoseconds: Int128)] = [
        ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// Reads numbers with units, such as `1h30m`, `-1.5s` or `20ms`.
    ///
    /// - Throws: ``EvaluationError`` when the text is no duration, or one beyond the range.
    public init(_ text: String) throws(EvaluationError) {
        let malformed = EvaluationError(
            .invalidArgument, "the string is no duration such as '1h30m' or '1.5s'")
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        guard !rest.isEmpty else { throw malformed }
        if rest == "0" {
            self.init(nanoseconds: 0)
            return
        }
        var total: Int128 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(whole.count)
            var fraction: Substring = ""
            if rest.hasPrefix(".") {
                rest.removeFirst()
                fraction = rest.prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(fraction.count)
            }
            let name = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
            rest = rest.dropFirst(name.count)
            guard !(whole.isEmpty && fraction.isEmpty),
                let unit = Self.units.first(where: { $0.name.hasSameBytes(as: String(name)) })
            else { throw malformed }
            guard let number = Int64(whole.isEmpty ? "0" : whole) else {
                throw EvaluationError(.overflow, "the duration is beyond its range")
            }
            total += Int128(number) * unit.nanoseconds
            // What is finer than a nanosecond is cut off.
            var scale = unit.nanoseconds
            for digit in fraction.utf8 where scale > 1 {
                total += Int128(digit - UInt8(ascii: "0")) * scale / 10
                scale /= 10
            }
            guard total <= Int128(Int64.max) + 1 else {
                throw EvaluationError(.overflow, "the duration is beyond its range")
            }
        }
        try self.init(checked: isNegative ? -total : total)
    }
}
