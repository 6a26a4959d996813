/// `map`, `filter` and `transformList`.
final class TransformListNode: Node {
    private let range: MacroRange
    private let filter: (any Node)?
    /// `nil`: the element itself.
    private let transform: (any Node)?

    init(_ range: MacroRange, filter: (any Node)?, transform: (any Node)?) {
        self.range = range
        self.filter = filter
        self.transform = transform
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, transform == nil ? "filter" : "map")
        var values: [CELValue] = []
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            if let filter, !(try filter.evaluateBool(&frame, "filter", range.place)) { continue }
            let value = try transform?.evaluate(&frame) ?? frame.locals[range.first]
            try frame.makeElements(1)
            values.append(value)
        }
        return .list(.values(values))
    }
}
