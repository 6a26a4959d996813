/// A value that a macro bound.
final class LocalNode: Node {
    private let slot: Int
    private let mayFail: Bool

    /// Makes a node.
    ///
    /// - Parameter mayFail: whether the binding may hold an error instead.
    init(slot: Int, mayFail: Bool) {
        self.slot = slot
        self.mayFail = mayFail
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        if mayFail, let failure = frame.failures[slot] { throw failure }
        return frame.locals[slot]
    }
}
