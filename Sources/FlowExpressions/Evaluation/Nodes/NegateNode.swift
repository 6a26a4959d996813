/// The sign `-`.
final class NegateNode: Node {
    private let operand: any Node
    private let place: SourcePlace

    init(_ operand: any Node, _ place: SourcePlace) {
        self.operand = operand
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let value = try operand.evaluate(&frame)
        switch value {
        case .int(.min): throw EvaluationError(.overflow, "integer overflow", column: place.column)
        case .int(let number): return .int(-number)
        case .double(let number): return .double(-number)
        default: throw EvaluationError.noSuchOverload("-", value).located(place)
        }
    }
}
