/// `<`, `<=`, `>` and `>=`.
final class OrderNode: Node {
    private let relation: Syntax.Relation
    private let left: any Node
    private let right: any Node
    private let place: SourcePlace

    init(_ relation: Syntax.Relation, _ left: any Node, _ right: any Node, _ place: SourcePlace) {
        self.relation = relation
        self.left = left
        self.right = right
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let left = try left.evaluate(&frame)
        let right = try right.evaluate(&frame)
        do throws(EvaluationError) {
            guard let order = try frame.order(left, right) else {
                throw EvaluationError.noSuchOperator(relation.rawValue, left, right)
            }
            switch relation {
            case .less: return .bool(order == .less)
            case .lessOrEqual: return .bool(order == .less || order == .equal)
            case .greater: return .bool(order == .greater)
            default: return .bool(order == .greater || order == .equal)
            }
        } catch { throw error.located(place) }
    }
}
