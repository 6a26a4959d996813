/// A variable, and members of it whose names are known.
final class VariableNode: Node {
    private let name: String
    private let members: [String]
    private let place: SourcePlace

    init(_ name: String, members: [String], _ place: SourcePlace) {
        self.name = name
        self.members = members
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        do throws(EvaluationError) {
            guard var value = try frame.variables.variable(name) else {
                throw EvaluationError(.undeclared, "undeclared variable '\(name.shortened)'")
            }
            for member in members {
                try frame.step()
                value = try frame.select(member, of: value)
            }
            return value
        } catch { throw error.located(place) }
    }
}
