/// An expression as it is written.
struct Syntax: Sendable {
    indirect enum Form: Sendable {
        case constant(CELValue)
        /// A name; with a leading point it is only looked for at the root.
        case identifier(String, isAbsolute: Bool)
        case select(Syntax, field: String, isOptional: Bool)
        case index(Syntax, Syntax, isOptional: Bool)
        case call(function: String, target: Syntax?, arguments: [Syntax], isAbsolute: Bool)
        case list([Element])
        case map([Entry])
        case message(String)
        case not(Syntax)
        case negate(Syntax)
        /// Operators of one rank in a row, from left to right: a long row must not nest.
        case arithmetic(Syntax, [Operation])
        case relation(Relation, Syntax, Syntax)
        case and([Syntax])
        case or([Syntax])
        case conditional(Syntax, Syntax, Syntax)
    }

    struct Element: Sendable {
        var value: Syntax
        var isOptional: Bool
    }

    struct Entry: Sendable {
        var key: Syntax
        var value: Syntax
        var isOptional: Bool
    }

    struct Operation: Sendable {
        var symbol: Arithmetic
        var operand: Syntax
        var place: SourcePlace
    }

    enum Arithmetic: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
    }

    enum Relation: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case `in` = "in"
    }

    var form: Form
    var place: SourcePlace
    /// How many levels the expression has.
    var depth: Int

    /// Where the expression begins; the place of an operator is its own.
    var start: SourcePlace {
        var syntax = self
        while true {
            switch syntax.form {
            case .select(let first, _, _), .index(let first, _, _), .call(_, let first?, _, _),
                .arithmetic(let first, _),
                .relation(_, let first, _), .conditional(let first, _, _):
                syntax = first
            case .and(let terms), .or(let terms):
                guard let first = terms.first else { return syntax.place }
                syntax = first
            default: return syntax.place
            }
        }
    }
}
