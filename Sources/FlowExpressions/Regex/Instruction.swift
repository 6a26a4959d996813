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
