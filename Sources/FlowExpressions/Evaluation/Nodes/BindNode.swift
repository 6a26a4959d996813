/// `cel.bind`: values that are computed once and used in an expression.
final class BindNode: Node {
    private let bindings: [(slot: Int, node: any Node)]
    private let result: any Node

    init(_ bindings: [(slot: Int, node: any Node)], result: any Node) {
        self.bindings = bindings
        self.result = result
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        for (slot, node) in bindings {
            try frame.step()
            do throws(EvaluationError) {
                frame.locals[slot] = try node.evaluate(&frame)
                if !frame.failures.isEmpty { frame.failures[slot] = nil }
            } catch {
                guard error.isAbsorbable else { throw error }
                frame.failures[slot] = error
            }
        }
        return try result.evaluate(&frame)
    }
}
