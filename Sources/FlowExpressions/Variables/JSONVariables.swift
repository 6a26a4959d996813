public import FlowJSON

/// Variables that are the members of a JSON object.
public struct JSONVariables: VariableResolver {
    /// The variables by name.
    public var members: JSONObject

    /// Makes variables of an object's members.
    public init(_ members: JSONObject) { self.members = members }

    /// The member of the variable's name.
    public func variable(_ name: String) throws(EvaluationError) -> CELValue? { members[name].map(CELValue.init) }
}
