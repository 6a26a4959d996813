/// The state of one evaluation: its variables, its local values, and what is left of its budget.
struct Frame: ~Copyable {
    /// How deep a value may nest where it is walked.
    static let maxDepth = 512

    let variables: any VariableResolver
    /// The values that macros bind, by slot.
    var locals: [CELValue]
    /// Bindings whose value is an error, which counts only where the binding is used.
    var failures: [Int: EvaluationError] = [:]
    private(set) var steps: Int
    private(set) var bytes: Int

    init(_ variables: any VariableResolver, slots: Int, limits: EvaluationLimits) {
        self.variables = variables
        locals = slots == 0 ? [] : Array(repeating: .null, count: slots)
        steps = limits.steps
        bytes = limits.bytes
    }

    /// Makes room for the bindings of one more expression.
    mutating func reserve(_ slots: Int) {
        failures.removeAll()
        if locals.count < slots { locals += Array(repeating: .null, count: slots - locals.count) }
    }

    /// Takes one step.
    @inline(__always)
    mutating func step() throws(EvaluationError) {
        steps -= 1
        if steps < 0 { throw .steps }
    }

    /// Takes steps.
    mutating func step(_ count: Int) throws(EvaluationError) {
        steps -= max(0, count)
        if steps < 0 { throw .steps }
    }

    /// Takes the steps of reading a text or sequence of that many bytes.
    mutating func read(_ count: Int) throws(EvaluationError) { try step(1 + count >> 4) }

    /// Takes memory for what is about to be made.
    mutating func make(_ count: Int) throws(EvaluationError) {
        let (left, isOverflow) = bytes.subtractingReportingOverflow(count)
        bytes = left
        if isOverflow || left < 0 { throw .bytes }
    }

    /// Takes memory and steps for a text of that many bytes.
    mutating func write(_ count: Int) throws(EvaluationError) {
        try make(count)
        try read(count)
    }

    /// Takes memory for a list or map of that many elements.
    mutating func makeElements(_ count: Int) throws(EvaluationError) {
        let (size, isOverflow) = count.multipliedReportingOverflow(by: MemoryLayout<CELValue>.stride)
        if isOverflow { throw .bytes }
        try make(size)
    }
}
