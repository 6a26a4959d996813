/// One version of a stored definition, written `name@version`. What it stands for never changes.
public struct DefinitionID: Hashable, Sendable, CustomStringConvertible {
    /// The largest number that a version can have.
    public static let maximumVersion = 999_999_999

    /// The definition.
    public let name: DefinitionName
    /// The version, from 1.
    public let version: Int

    /// Makes an id.
    public init(_ name: DefinitionName, version: Int) {
        self.name = name
        self.version = version
    }

    /// Takes foreign text, or `nil` when it is no name with a version.
    public init?(checking text: String) {
        guard let id = DefinitionReference(checking: text)?.id else { return nil }
        self = id
    }

    /// The number of a version in foreign text: digits without a leading zero, or `nil` when it is none.
    public static func version(checking text: some StringProtocol) -> Int? {
        guard text.utf8.count <= 9, text.utf8.first != UInt8(ascii: "0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// The id as text.
    public var description: String { "\(name)@\(version)" }
}
