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
