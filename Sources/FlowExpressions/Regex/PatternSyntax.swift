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
