public import FlowCore
import FlowJSON

/// A version of a definition as lists show it.
public struct DefinitionEntry: Hashable, Sendable {
    /// The version.
    public var id: DefinitionID
    /// When it was stored.
    public var createdAt: Timestamp

    /// Makes an entry.
    public init(id: DefinitionID, createdAt: Timestamp) {
        self.id = id
        self.createdAt = createdAt
    }
}

/// A version of a definition with what it defines.
public struct Definition: Hashable, Sendable {
    /// The version, and when it was stored.
    public var entry: DefinitionEntry
    /// The workflow as its author wrote it, as compact JSON text.
    public var document: [UInt8]

    /// Makes a definition.
    public init(entry: DefinitionEntry, document: [UInt8]) {
        self.entry = entry
        self.document = document
    }

    /// The version.
    public var id: DefinitionID { entry.id }

    /// The document as a value. What was stored once stays readable, whatever today's limits are.
    ///
    /// - Throws: ``ServiceError/unavailable(_:)`` when what is stored is no JSON.
    func value() throws(ServiceError) -> JSONValue {
        do {
            return try JSONParser.parse(document, limits: JSONLimits(depth: .max, values: .max))
        } catch {
            throw ServiceError(JournalError(.corrupt, "the definition \"\(id)\": \(error)"))
        }
    }
}

/// What came of storing a definition.
public struct DefinitionChange: Sendable {
    /// The latest version now.
    public let definition: Definition
    /// Whether it was made; `false` when the latest one said the same already.
    public let isNew: Bool
}

/// Some versions, with where the next page begins.
public struct DefinitionPage: Sendable {
    /// The versions.
    public let entries: [DefinitionEntry]
    /// Whether there are more.
    public let hasMore: Bool
}
