/// `has(a.b)`: whether there is such a member.
final class PresenceNode: Node {
    private let operand: any Node
    private let name: String
    private let place: SourcePlace

    init(_ operand: any Node, name: String, _ place: SourcePlace) {
        self.operand = operand
        self.name = name
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        var value = try operand.evaluate(&frame)
        while case .optional(let optional) = value {
            guard let inner = optional.value else { return .bool(false) }
            value = inner
        }
        do throws(EvaluationError) {
            guard case .map(let map) = value else { throw EvaluationError.noMember(name, of: value) }
            return .bool(try map.member(name) != nil)
        } catch { throw error.located(place) }
    }
}
