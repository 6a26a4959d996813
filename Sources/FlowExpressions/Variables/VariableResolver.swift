/// Where an expression finds its variables.
public protocol VariableResolver: Sendable {
    /// The value of a variable.
    ///
    /// - Parameter name: the variable's name.
    /// - Returns: the value, or `nil` when there is no such variable.
    /// - Throws: ``EvaluationError`` when the variable exists and must not be read.
    func variable(_ name: String) throws(EvaluationError) -> CELValue?
}

extension Dictionary: VariableResolver where Key == String, Value == CELValue {
    /// The value under the variable's name.
    public func variable(_ name: String) throws(EvaluationError) -> CELValue? { self[name] }
}
