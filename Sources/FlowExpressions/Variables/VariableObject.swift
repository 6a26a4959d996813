/// An object whose members are found when an expression asks for them, so that nothing is built that nobody reads.
public protocol VariableObject: AnyObject, Sendable {
    /// The value of a member.
    ///
    /// - Parameter name: the member's name.
    /// - Returns: the value, or `nil` when the object has no such member.
    /// - Throws: ``EvaluationError`` when the member exists and must not be read.
    func member(_ name: String) throws(EvaluationError) -> CELValue?

    /// The names of all members, for iteration and for conversion to JSON.
    var memberNames: [String] { get }
}
