/// `optMap` and `optFlatMap`.
final class OptionalMapNode: Node {
    private let operand: any Node
    private let slot: Int
    private let transform: any Node
    private let isFlat: Bool
    private let place: SourcePlace

    init(_ operand: any Node, slot: Int, transform: any Node, isFlat: Bool, _ place: SourcePlace) {
        self.operand = operand
        self.slot = slot
        self.transform = transform
        self.isFlat = isFlat
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let value = try operand.evaluate(&frame)
        guard case .optional(let optional) = value else {
            throw EvaluationError.noSuchOverload(isFlat ? "optFlatMap" : "optMap", value).located(place)
        }
        guard let inner = optional.value else { return .optional(.none) }
        frame.locals[slot] = inner
        let result = try transform.evaluate(&frame)
        guard isFlat else { return .optional(CELOptional(result)) }
        guard case .optional = result else {
            throw EvaluationError.noSuchOverload("optFlatMap", value, result).located(place)
        }
        return result
    }
}
