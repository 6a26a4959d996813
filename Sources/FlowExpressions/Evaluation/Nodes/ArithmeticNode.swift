/// Operators of one rank in a row, applied from left to right.
final class ArithmeticNode: Node {
    struct Operation: Sendable {
        let symbol: Syntax.Arithmetic
        let operand: any Node
        let place: SourcePlace
    }

    private let first: any Node
    private let operations: [Operation]
    /// Whether every operand is a literal: then an integer does not become a double.
    private let isStrict: Bool

    init(_ first: any Node, _ operations: [Operation]) {
        self.first = first
        self.operations = operations
        isStrict = first is ConstantNode && operations.allSatisfy { $0.operand is ConstantNode }
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        var value = try first.evaluate(&frame)
        for operation in operations {
            try frame.step()
            let operand = try operation.operand.evaluate(&frame)
            do throws(EvaluationError) {
                value = try frame.apply(operation.symbol, value, operand, isStrict: isStrict)
            } catch { throw error.located(operation.place) }
        }
        return value
    }
}
