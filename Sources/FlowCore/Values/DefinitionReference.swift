/// What names a stored definition: `name` for its latest version, or `name@version` for that one.
public struct DefinitionReference: Hashable, Sendable, CustomStringConvertible {
    /// The definition.
    public let name: DefinitionName
    /// The version; `nil` for the latest.
    public let version: Int?

    /// Makes a reference to a version, or to the latest.
    public init(_ name: DefinitionName, version: Int? = nil) {
        self.name = name
        self.version = version
    }

    /// Makes a reference to one version.
    public init(_ id: DefinitionID) { self.init(id.name, version: id.version) }

    /// Takes foreign text, or `nil` when it is no reference.
    public init?(checking text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), maxSplits: 1, omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard let name = DefinitionName(checking: String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(name)
            return
        }
        guard let version = DefinitionID.version(checking: parts[1]) else { return nil }
        self.init(name, version: version)
    }

    /// The version that is meant, or `nil` when it is whichever is the latest.
    public var id: DefinitionID? { version.map { DefinitionID(name, version: $0) } }

    /// Whether a version is one that is meant: the one that is named, or any of the definition's.
    public func includes(_ id: DefinitionID) -> Bool { name == id.name && (version ?? id.version) == id.version }

    /// The reference as text.
    public var description: String { version.map { "\(name)@\($0)" } ?? name.rawValue }
}
