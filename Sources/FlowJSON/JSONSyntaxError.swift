/// Why a text is not acceptable JSON, and where.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as a phrase.
    public var reason: String
    /// The position of the offending byte, counted from zero.
    public var offset: Int
    /// Whether the text is JSON and holds a number that cannot be kept without loss.
    public var isRange: Bool

    /// Makes an error at a byte.
    public init(_ reason: String, at offset: Int, isRange: Bool = false) {
        self.reason = reason
        self.offset = offset
        self.isRange = isRange
    }

    /// The reason with its place.
    public var description: String { "\(reason) at byte \(offset)" }
}
