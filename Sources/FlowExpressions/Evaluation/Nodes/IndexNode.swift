/// An element of a list, or the value of a key.
final class IndexNode: Node {
    private let operand: any Node
    private let key: any Node
    private let isOptional: Bool
    private let place: SourcePlace

    init(_ operand: any Node, key: any Node, isOptional: Bool, _ place: SourcePlace) {
        self.operand = operand
        self.key = key
        self.isOptional = isOptional
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let value = try operand.evaluate(&frame)
        let key = try self.key.evaluate(&frame)
        do throws(EvaluationError) {
            guard isOptional else {
                if case .map(let map) = value, case .string(let name) = self.key.constant {
                    guard let member = try map.member(name) else { throw EvaluationError.noSuchKey(name) }
                    return member
                }
                return try frame.index(key, of: value)
            }
            return .optional(CELOptional(try frame.find(key, in: value)))
        } catch { throw error.located(place) }
    }
}
