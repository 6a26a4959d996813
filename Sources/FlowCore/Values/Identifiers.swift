import FlowJSON

/// The name of one run, unique in a server.
///
/// A letter or digit, then up to 127 letters, digits, `_`, `-`, `.` or `:`. The server makes UUIDs of version 7
/// (RFC 9562), so that ids sort by time of submission.
public struct WorkflowID: Hashable, Sendable, CustomStringConvertible {
    /// The id as text.
    public let rawValue: String
    private let hash: Int

    /// Takes an id that is known to be well formed.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
        hash = rawValue.hashValue
    }

    /// Takes foreign text, or `nil` when it is no id.
    public init?(checking text: String) {
        guard Identifier.isWellFormed(text, maximum: 128, others: "_-.:") else { return nil }
        self.init(text)
    }

    /// Hashes what was hashed once: ids are looked up many times over.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// The id as text.
    public var description: String { rawValue }
}

/// The name of a node within its workflow: a letter, digit or `_`, then up to 127 letters, digits, `_` or `-`.
public struct NodeID: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The id as text.
    public let rawValue: String
    private let hash: Int

    /// Takes an id that is known to be well formed.
    public init(_ rawValue: String) {
        self.rawValue = rawValue
        hash = rawValue.hashValue
    }

    /// Takes foreign text, or `nil` when it is no id.
    public init?(checking text: String) {
        guard Identifier.isWellFormed(text, maximum: 128, others: "_-", first: "_") else { return nil }
        self.init(text)
    }

    /// Makes an id of a literal.
    public init(stringLiteral value: String) { self.init(value) }

    /// Two ids are equal when their texts are; hashes that differ spare the comparison.
    public static func == (left: NodeID, right: NodeID) -> Bool {
        left.hash == right.hash && left.rawValue == right.rawValue
    }

    /// Hashes what was hashed once: every event is found by its node.
    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// The id as text.
    public var description: String { rawValue }
}

/// The name under which a backend is registered: a letter or digit, then up to 62 letters, digits, `_`, `-` or `.`.
public struct BackendName: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The backend that is always there and the default.
    public static let native: BackendName = "native"
    /// Not a backend: the wish that the server choose one.
    public static let automatic: BackendName = "auto"

    /// The name as text.
    public let rawValue: String

    /// Takes a name that is known to be well formed.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// Takes foreign text, or `nil` when it is no name.
    public init?(checking text: String) {
        guard Identifier.isWellFormed(text, maximum: 63, others: "_-.") else { return nil }
        rawValue = text
    }

    /// Makes a name of a literal.
    public init(stringLiteral value: String) { rawValue = value }

    /// The name as text.
    public var description: String { rawValue }
}

/// The rule that all kinds of names share.
enum Identifier {
    static func isWellFormed(_ text: String, maximum: Int, others: String, first: String = "") -> Bool {
        var isFirst = true
        guard (1...maximum).contains(text.utf8.count) else { return false }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                break
            default:
                guard (isFirst ? first : others).utf8.contains(byte) else { return false }
            }
            isFirst = false
        }
        return true
    }
}
