/// One part of a compiled expression.
protocol Node: AnyObject, Sendable {
    /// The part's value.
    ///
    /// - Throws: ``EvaluationError``, with the column where the part has one.
    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue
}

extension Node {
    /// The value of a part that has to be a truth value.
    @inline(__always)
    func evaluateBool(_ frame: inout Frame, _ name: String, _ place: SourcePlace) throws(EvaluationError) -> Bool {
        let value = try evaluate(&frame)
        guard case .bool(let flag) = value else { throw EvaluationError.noSuchOverload(name, value).located(place) }
        return flag
    }

    /// The value, when it is known without evaluation.
    var constant: CELValue? { (self as? ConstantNode)?.value }
}
