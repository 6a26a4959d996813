public import FlowJSON

/// An expression of the Common Expression Language, compiled once and evaluated as often as needed.
///
/// It computes and changes nothing, ends always, and costs no more than its limits say.
public struct CELExpression: Sendable {
    /// The text that was compiled.
    public let source: String
    /// The variables that the expression reads, in the order in which they stand. What macros bind is none.
    public let references: [VariableReference]

    private let node: any Node
    private let slots: Int

    /// Compiles an expression.
    ///
    /// - Parameters:
    ///   - source: the text.
    ///   - options: how it is compiled.
    /// - Throws: ``ExpressionError`` with the column of what is wrong.
    public init(_ source: String, options: ExpressionOptions = ExpressionOptions()) throws(ExpressionError) {
        try self.init(try Parser.parse(source, options: options), source: source, options: options)
    }

    init(_ syntax: Syntax, source: String, options: ExpressionOptions) throws(ExpressionError) {
        var compiler = Compiler(options)
        node = try compiler.compile(syntax)
        self.source = source
        references = compiler.references
        slots = compiler.slots
    }

    /// The value, when the expression reads no variable and calls nothing that depends on one.
    public var constant: CELValue? { node.constant }

    /// Evaluates the expression.
    ///
    /// - Parameters:
    ///   - variables: where variables are found.
    ///   - limits: what the evaluation may cost.
    /// - Returns: the value.
    /// - Throws: ``EvaluationError`` when the expression has no value, or costs too much.
    public func evaluate(
        _ variables: some VariableResolver, limits: EvaluationLimits = EvaluationLimits()
    ) throws(EvaluationError) -> CELValue {
        var frame = Frame(variables, slots: slots, limits: limits)
        return try node.evaluate(&frame)
    }

    /// Evaluates the expression and converts its value to JSON.
    ///
    /// - Parameters:
    ///   - variables: where variables are found.
    ///   - limits: what the evaluation and the conversion together may cost.
    /// - Returns: the value as JSON.
    /// - Throws: ``EvaluationError`` when the expression has no value, or one without a form in JSON, or costs too much.
    public func evaluateJSON(
        _ variables: some VariableResolver, limits: EvaluationLimits = EvaluationLimits()
    ) throws(EvaluationError) -> JSONValue {
        var frame = Frame(variables, slots: slots, limits: limits)
        let value = try node.evaluate(&frame)
        return try frame.json(value)
    }

    /// Evaluates a condition.
    ///
    /// - Parameters:
    ///   - variables: where variables are found.
    ///   - limits: what the evaluation may cost.
    /// - Returns: the truth value.
    /// - Throws: ``EvaluationError`` when the expression has no value, one of another type, or costs too much.
    public func evaluateBool(
        _ variables: some VariableResolver, limits: EvaluationLimits = EvaluationLimits()
    ) throws(EvaluationError) -> Bool {
        let value = try evaluate(variables, limits: limits)
        guard case .bool(let flag) = value else {
            throw EvaluationError(.noSuchOverload, "the condition is a value of type \(value.type), not bool")
        }
        return flag
    }

    /// Evaluates the expression as a part of something that shares one budget.
    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        frame.reserve(slots)
        return try node.evaluate(&frame)
    }
}
