/// A member that is selected by its name.
final class SelectNode: Node {
    private let operand: any Node
    private let name: String
    private let isOptional: Bool
    private let place: SourcePlace

    init(_ operand: any Node, name: String, isOptional: Bool, _ place: SourcePlace) {
        self.operand = operand
        self.name = name
        self.isOptional = isOptional
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let value = try operand.evaluate(&frame)
        do throws(EvaluationError) {
            guard isOptional else { return try frame.select(name, of: value) }
            return .optional(CELOptional(try frame.find(.string(name), in: value)))
        } catch { throw error.located(place) }
    }
}
