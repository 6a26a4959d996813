/// How an expression is compiled.
public struct ExpressionOptions: Hashable, Sendable {
    /// How many bytes the source may have.
    public var maxBytes = 64 << 10
    /// How deep the expression may nest.
    public var maxDepth = 100
    /// The namespace that names are looked for in first.
    public var container = ""
    /// Whether a variable's name may itself hold points, so that `a.b` may be a variable.
    public var hasQualifiedVariables = false
    /// Whether what can only fail is an error of the source: unknown functions, operators between constants that do not go
    /// together, malformed patterns. Else it is an error of the evaluation, which `||` may absorb.
    public var isChecked = true
    /// Whether macros are known.
    public var hasMacros = true

    /// Makes options with their defaults.
    public init() {}
}
