/// `in`.
final class MembershipNode: Node {
    private let element: any Node
    private let collection: any Node
    private let place: SourcePlace

    init(_ element: any Node, in collection: any Node, _ place: SourcePlace) {
        self.element = element
        self.collection = collection
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        let element = try element.evaluate(&frame)
        let collection = try collection.evaluate(&frame)
        do throws(EvaluationError) {
            switch collection {
            case .list(let list): return .bool(try frame.contains(list, element))
            case .map(let map): return .bool(try frame.lookUp(element, in: map) != nil)
            default: throw EvaluationError.noSuchOperator("in", element, collection)
            }
        } catch { throw error.located(place) }
    }
}
