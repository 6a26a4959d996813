/// `a ? b : c`
final class ConditionalNode: Node {
    private let condition: any Node
    private let yes: any Node
    private let no: any Node
    private let place: SourcePlace

    init(_ condition: any Node, yes: any Node, no: any Node, _ place: SourcePlace) {
        self.condition = condition
        self.yes = yes
        self.no = no
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        return try condition.evaluateBool(&frame, "?:", place) ? yes.evaluate(&frame) : no.evaluate(&frame)
    }
}
