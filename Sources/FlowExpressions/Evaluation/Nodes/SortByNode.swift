/// `lists.sortBy`: the elements in the order of their keys.
final class SortByNode: Node {
    private let range: MacroRange
    private let key: any Node

    init(_ range: MacroRange, key: any Node) {
        self.range = range
        self.key = key
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, "sortBy")
        guard case .list(let list) = collection else {
            throw EvaluationError.noSuchOverload("sortBy", .null).located(range.place)
        }
        var keys: [CELValue] = []
        for index in 0..<list.count {
            try range.bind(index, of: collection, &frame)
            keys.append(try key.evaluate(&frame))
        }
        do throws(EvaluationError) {
            let order = try frame.sortedPositions(keys)
            return .list(.values(order.map { list[$0] }))
        } catch { throw error.located(range.place) }
    }
}
