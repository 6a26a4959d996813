/// An instant between the years 1 and 9999, to the nanosecond.
public struct CELTimestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Whole seconds since 1970 in UTC, rounded down.
    public let seconds: Int64
    /// What is beyond them, from 0 to 999,999,999.
    public let nanoseconds: Int32

    static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// Makes an instant.
    ///
    /// - Throws: ``EvaluationError`` when it is beyond the years 1 to 9999, or the nanoseconds are no fraction.
    public init(seconds: Int64, nanoseconds: Int32 = 0) throws(EvaluationError) {
        guard Self.range.contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else {
            throw EvaluationError(.overflow, "the timestamp is beyond its range")
        }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Instants are ordered by time.
    public static func < (left: CELTimestamp, right: CELTimestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    private var total: Int128 { Int128(seconds) * 1_000_000_000 + Int128(nanoseconds) }

    func adding(_ span: some BinaryInteger) throws(EvaluationError) -> CELTimestamp {
        let sum = total + Int128(span)
        let (seconds, rest) = sum.quotientAndRemainder(dividingBy: 1_000_000_000)
        let borrowed = rest < 0 ? (seconds - 1, rest + 1_000_000_000) : (seconds, rest)
        return try CELTimestamp(seconds: Int64(clamping: borrowed.0), nanoseconds: Int32(borrowed.1))
    }

    func since(_ other: CELTimestamp) throws(EvaluationError) -> CELDuration {
        try CELDuration(checked: total - other.total)
    }

    /// The text of RFC 3339 in UTC, with as many digits of the fraction as it needs.
    public var description: String {
        let time = CivilTime(seconds: seconds)
        return Self.padded(time.year, 4) + "-" + Self.padded(time.month, 2) + "-" + Self.padded(time.day, 2) + "T"
            + Self.padded(time.hour, 2) + ":" + Self.padded(time.minute, 2) + ":" + Self.padded(time.second, 2)
            + CELDuration.fraction(Int64(nanoseconds)) + "Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
