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

/// One step of a compiled pattern.
enum Instruction: Sendable {
    case scalar(UInt32)
    case set(Int)
    /// Goes on at both places; the first is preferred.
    case split(Int, Int)
    case jump(Int)
    /// Notes the position.
    case save(Int)
    case assert(PatternSyntax.Assertion)
    case match
}

/// A pattern as it is written.
indirect enum PatternSyntax: Sendable {
    case empty
    case set(ScalarSet)
    case sequence([PatternSyntax])
    case alternatives([PatternSyntax])
    case repeated(PatternSyntax, least: Int, most: Int?, isGreedy: Bool)
    case group(PatternSyntax, Int)
    case assertion(Assertion)

    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }
}

extension EvaluationError {
    static func pattern(_ reason: String) -> EvaluationError {
        EvaluationError(.invalidArgument, "malformed pattern: \(reason)")
    }
}
