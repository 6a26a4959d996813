/// A place in an expression's source.
struct SourcePlace: Hashable, Sendable {
    /// Counted in bytes from zero.
    var offset: Int
    /// Counted in code points from one.
    var column: Int

    /// Where a text begins.
    static let start = SourcePlace(offset: 0, column: 1)
}
