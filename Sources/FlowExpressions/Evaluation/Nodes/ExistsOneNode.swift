/// `exists_one`. Every element is looked at, and an error is one.
final class ExistsOneNode: Node {
    private let range: MacroRange
    private let predicate: any Node

    init(_ range: MacroRange, _ predicate: any Node) {
        self.range = range
        self.predicate = predicate
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let collection = try range.collection(&frame, "exists_one")
        var count = 0
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            if try predicate.evaluateBool(&frame, "exists_one", range.place) { count += 1 }
        }
        return .bool(count == 1)
    }
}
