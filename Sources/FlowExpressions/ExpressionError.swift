/// Why a text is no expression, and where.
public struct ExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, as a phrase.
    public var message: String
    /// Where it is wrong, counted in code points from one.
    public var column: Int
    /// Where it is wrong, counted in bytes from zero.
    public var offset: Int

    /// Makes an error at a place.
    public init(_ message: String, column: Int, offset: Int) {
        self.message = message
        self.column = column
        self.offset = offset
    }

    init(_ message: String, at place: SourcePlace) {
        self.init(message, column: place.column, offset: place.offset)
    }

    /// The message with its place.
    public var description: String { "\(message) at column \(column)" }
}
