/// `&&` or `||` of terms in a row. An error counts only when no other term decides.
final class LogicNode: Node {
    private let terms: [any Node]
    /// The value of a term that decides: false for `&&`, true for `||`.
    private let deciding: Bool
    private let place: SourcePlace

    init(_ terms: [any Node], deciding: Bool, _ place: SourcePlace) {
        self.terms = terms
        self.deciding = deciding
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        var failure: EvaluationError?
        for term in terms {
            do throws(EvaluationError) {
                if try term.evaluateBool(&frame, deciding ? "||" : "&&", place) == deciding { return .bool(deciding) }
            } catch {
                guard error.isAbsorbable else { throw error }
                if failure == nil { failure = error }
            }
        }
        if let failure { throw failure }
        return .bool(!deciding)
    }
}
