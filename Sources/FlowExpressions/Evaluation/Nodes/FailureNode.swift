/// What can only fail where it is evaluated: a function that does not exist.
final class FailureNode: Node {
    private let error: EvaluationError

    init(_ error: EvaluationError) { self.error = error }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue { throw error }
}
