/// `==` and `!=`.
final class EqualityNode: Node {
    private let isNegated: Bool
    private let left: any Node
    private let right: any Node
    private let place: SourcePlace

    init(isNegated: Bool, _ left: any Node, _ right: any Node, _ place: SourcePlace) {
        self.isNegated = isNegated
        self.left = left
        self.right = right
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let left = try left.evaluate(&frame)
        let right = try right.evaluate(&frame)
        do throws(EvaluationError) {
            return .bool(try frame.areEqual(left, right) != isNegated)
        } catch { throw error.located(place) }
    }
}
