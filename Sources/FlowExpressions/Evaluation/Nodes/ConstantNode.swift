/// A value that is known when the expression is compiled.
final class ConstantNode: Node {
    let value: CELValue

    init(_ value: CELValue) { self.value = value }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue { value }
}
