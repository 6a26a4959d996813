public import FlowCore

/// Where definitions are kept. The engine states what it needs; a store implements it.
///
/// What has been confirmed survives a crash of the process and of the machine. The number of a version is given once:
/// neither another version nor, after a removal, another definition of the same name gets it again.
public protocol DefinitionStore: Sendable {
    /// The version that a reference names, or `nil` when there is none.
    func definition(_ reference: DefinitionReference) async throws(JournalError) -> Definition?

    /// The latest versions of the definitions behind a name, in the order of the names' bytes.
    func latestDefinitions(after name: DefinitionName?, limit: Int) async throws(JournalError) -> [DefinitionEntry]

    /// The versions of a definition before one of them, newest first.
    func versions(
        of name: DefinitionName, before version: Int?, limit: Int
    ) async throws(JournalError) -> [DefinitionEntry]

    /// Stores a document as the next version, if the latest version is still the one that the caller knows.
    ///
    /// - Parameters:
    ///   - latest: The latest version as the caller knows it; `nil` when there is none.
    ///   - limits: Bounds on how many there may be.
    /// - Returns: the version; `nil` when the latest is another one.
    /// - Throws: ``JournalError/Code/conflict`` when a bound is reached.
    func append(
        _ document: [UInt8], to name: DefinitionName, after latest: Int?, at instant: Timestamp,
        limits: DefinitionLimits
    ) async throws(JournalError) -> DefinitionEntry?

    /// Removes all versions of a definition, if the latest is still the one that the caller knows.
    ///
    /// - Returns: false when it is another one, or there is none.
    func removeDefinition(_ name: DefinitionName, latest: Int) async throws(JournalError) -> Bool

    /// Removes one version. When it was the latest, the one before it is.
    ///
    /// - Returns: false when there is no such version.
    func removeVersion(_ id: DefinitionID) async throws(JournalError) -> Bool
}
