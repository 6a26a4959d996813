/// `all` and `exists`. An error counts only when no other element decides.
final class QuantifierNode: Node {
    private let range: MacroRange
    private let predicate: any Node
    /// What decides: false for `all`, true for `exists`.
    private let deciding: Bool

    init(_ range: MacroRange, _ predicate: any Node, deciding: Bool) {
        self.range = range
        self.predicate = predicate
        self.deciding = deciding
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        let name = deciding ? "exists" : "all"
        let collection = try range.collection(&frame, name)
        var failure: EvaluationError?
        for index in 0..<collection.count {
            try range.bind(index, of: collection, &frame)
            do throws(EvaluationError) {
                if try predicate.evaluateBool(&frame, name, range.place) == deciding { return .bool(deciding) }
            } catch {
                guard error.isAbsorbable else { throw error }
                if failure == nil { failure = error }
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }
}
