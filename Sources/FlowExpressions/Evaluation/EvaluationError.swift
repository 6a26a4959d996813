public import FlowJSON

/// Why an expression has no value.
public struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    public enum Code: String, Hashable, Sendable {
        /// The expression uses more steps, memory or depth than it may.
        case budgetExceeded = "budget_exceeded"
        /// A division or remainder by zero.
        case divisionByZero = "division_by_zero"
        /// A list has no element at that position.
        case indexOutOfRange = "index_out_of_range"
        /// An argument has the right type and a value that the function does not take.
        case invalidArgument = "invalid_argument"
        /// A map has no such key.
        case noSuchKey = "no_such_key"
        /// No function or operator of that name takes values of these types.
        case noSuchOverload = "no_such_overload"
        /// A number, time or duration is beyond its range.
        case overflow
        /// A variable, or a function, that nobody defined.
        case undeclared
        /// The value exists and JSON has no form for it.
        case notJSON = "not_json"
    }

    /// What kind of error it is.
    public var code: Code
    /// What is wrong, as a phrase.
    public var message: String
    /// Where in the expression, counted in code points from one.
    public var column: Int?
    /// Where in the template the expression is; empty when that is all there is.
    public var path = JSONPointer()

    /// Makes an error.
    public init(_ code: Code, _ message: String, column: Int? = nil) {
        self.code = code
        self.message = message
        self.column = column
    }

    /// The message with its place.
    public var description: String { column.map { "\(message) at column \($0)" } ?? message }
}

extension EvaluationError {
    /// The same error of something that is a part of something larger.
    func within(_ token: JSONPointer.Token) -> EvaluationError {
        var copy = self
        copy.path = JSONPointer([token] + path.tokens)
        return copy
    }

    /// Whether a logical operator may overlook it. What the evaluation may cost is nothing that `||` can mend.
    var isAbsorbable: Bool { code != .budgetExceeded }

    /// The same error with its place, unless it has one.
    func located(_ place: SourcePlace) -> EvaluationError {
        guard column == nil else { return self }
        var copy = self
        copy.column = place.column
        return copy
    }

    static func noSuchOverload(_ name: String, _ arguments: CELValue...) -> EvaluationError {
        EvaluationError(
            .noSuchOverload, "no such overload: \(name)(\(arguments.map(\.type.name).joined(separator: ", ")))")
    }

    static func noSuchOperator(_ symbol: String, _ left: CELValue, _ right: CELValue) -> EvaluationError {
        EvaluationError(.noSuchOverload, "no such overload: \(left.type) \(symbol) \(right.type)")
    }

    static let steps = EvaluationError(.budgetExceeded, "the expression takes more steps than it may")
    static let bytes = EvaluationError(.budgetExceeded, "the expression makes more data than it may")
    static let depth = EvaluationError(.budgetExceeded, "a value nests deeper than \(Frame.maxDepth) levels")
}
