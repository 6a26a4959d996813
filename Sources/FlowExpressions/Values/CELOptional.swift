/// A value that may be absent, as `a.?b` gives it.
public struct CELOptional: Sendable {
    private final class Box: Sendable {
        let value: CELValue
        init(_ value: CELValue) { self.value = value }
    }

    private let box: Box?

    /// Makes an optional of a value, or the absent one.
    public init(_ value: CELValue?) { box = value.map(Box.init) }

    /// The value, unless it is absent.
    public var value: CELValue? { box?.value }

    /// The absent value.
    public static let none = CELOptional(nil)
}
