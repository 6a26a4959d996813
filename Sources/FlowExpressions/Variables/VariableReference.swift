/// A variable that an expression reads, and the members behind it as far as they are constant.
///
/// `nodes.fetch.output.body` and `nodes["fetch"].output.body` both read the variable `nodes` with the members `fetch`,
/// `output` and `body`.
public struct VariableReference: Hashable, Sendable {
    /// The variable's name.
    public var root: String
    /// The names of the members behind it.
    public var members: [String]
    /// Where it stands, counted in code points from one.
    public var column: Int
    /// Where it stands, counted in bytes from zero.
    public var offset: Int

    /// Makes a reference.
    public init(root: String, members: [String], column: Int, offset: Int) {
        self.root = root
        self.members = members
        self.column = column
        self.offset = offset
    }
}
