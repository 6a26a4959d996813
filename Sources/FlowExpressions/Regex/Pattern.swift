/// A regular expression in RE2's syntax, matched in time that grows with the text and the pattern, whatever they are.
struct Pattern: Sendable {
    /// How many instructions a pattern may have.
    static let maxSize = 5000

    let program: [Instruction]
    let sets: [ScalarSet]
    /// How many groups are captured, the whole match not counted.
    let groups: Int

    /// How many instructions the pattern has.
    var size: Int { program.count }

    /// Compiles a pattern.
    ///
    /// - Throws: ``EvaluationError`` when it is malformed, too large, or needs what cannot be matched in linear time.
    init(_ text: String) throws(EvaluationError) {
        var parser = PatternParser(text)
        let syntax = try parser.parse()
        var builder = PatternBuilder()
        try builder.emitAll(syntax)
        program = builder.program
        sets = builder.sets
        groups = parser.groups
    }
}

extension EvaluationError {
    static func pattern(_ reason: String) -> EvaluationError {
        EvaluationError(.invalidArgument, "malformed pattern: \(reason)")
    }
}
