/// What a function does.
///
/// Functions with one or two arguments take them as they are; an array of them would cost an allocation for each call.
enum Function: Sendable {
    case unary(@Sendable (CELValue, inout Frame) throws(EvaluationError) -> CELValue)
    case binary(@Sendable (CELValue, CELValue, inout Frame) throws(EvaluationError) -> CELValue)
    case variadic(@Sendable ([CELValue], inout Frame) throws(EvaluationError) -> CELValue)
    /// A function whose second argument is a pattern, which is compiled once where it is a constant.
    case pattern(@Sendable ([CELValue], Pattern, inout Frame) throws(EvaluationError) -> CELValue)

    /// How a function is called.
    struct Signature: Hashable, Sendable {
        var name: String
        /// Whether it is called as `value.name()`; the value is the first argument.
        var isMethod: Bool
        /// How many arguments there are, the value before the point included.
        var count: Int
    }
}
