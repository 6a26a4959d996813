/// `!`
final class NotNode: Node {
    private let operand: any Node
    private let place: SourcePlace

    init(_ operand: any Node, _ place: SourcePlace) {
        self.operand = operand
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        return .bool(!(try operand.evaluateBool(&frame, "!", place)))
    }
}
