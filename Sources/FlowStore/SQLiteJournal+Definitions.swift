public import FlowCore
public import FlowEngine
import FoundationEssentials
import GRDB

extension SQLiteJournal: DefinitionStore {
    /// The version that a reference names, or `nil` when there is none.
    public func definition(_ reference: DefinitionReference) async throws(JournalError) -> Definition? {
        try await read { database in
            let row: Row?
            if let version = reference.version {
                row = try Row.fetchOne(
                    database, sql: "SELECT * FROM definition_version WHERE name = ? AND version = ?",
                    arguments: [reference.name.rawValue, version])
            } else {
                row = try Row.fetchOne(
                    database, sql: "SELECT * FROM definition_version WHERE name = ? ORDER BY version DESC LIMIT 1",
                    arguments: [reference.name.rawValue])
            }
            return row.map { row in
                let document: Data = row["document"]
                return Definition(entry: Self.entry(ofDefinition: row), document: Array(document))
            }
        }
    }

    /// The latest versions of the definitions behind a name, in the order of the names' bytes.
    public func latestDefinitions(
        after name: DefinitionName?, limit: Int
    ) async throws(JournalError) -> [DefinitionEntry] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT definition.name, version, created_at FROM definition
                    JOIN definition_version ON definition_version.name = definition.name AND version = latest_version
                    WHERE latest_version IS NOT NULL AND definition.name > ? ORDER BY definition.name LIMIT ?
                    """, arguments: [name?.rawValue ?? "", limit]
            ).map(Self.entry(ofDefinition:))
        }
    }

    /// The versions of a definition before one of them, newest first.
    public func versions(
        of name: DefinitionName, before version: Int?, limit: Int
    ) async throws(JournalError) -> [DefinitionEntry] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT name, version, created_at FROM definition_version
                    WHERE name = ? AND version < ? ORDER BY version DESC LIMIT ?
                    """, arguments: [name.rawValue, version ?? Int.max, limit]
            ).map(Self.entry(ofDefinition:))
        }
    }

    /// Stores a document as the next version, if the latest version is still the one that the caller knows.
    public func append(
        _ document: [UInt8], to name: DefinitionName, after latest: Int?, at instant: Timestamp,
        limits: DefinitionLimits
    ) async throws(JournalError) -> DefinitionEntry? {
        try await write(bytes: document.count) { database in
            let numbers = try Row.fetchOne(
                database, sql: "SELECT last_version, latest_version FROM definition WHERE name = ?",
                arguments: [name.rawValue])
            let present: Int? = numbers?["latest_version"]
            guard present == latest else { return nil }
            try Self.keep(limits, name, isNew: present == nil, database)
            let last: Int? = numbers?["last_version"]
            let id = DefinitionID(name, version: (last ?? 0) + 1)
            guard id.version <= DefinitionID.maximumVersion else {
                throw JournalError(.conflict, "\"\(name)\" has had as many versions as there are numbers")
            }
            try database.execute(
                sql: """
                    INSERT INTO definition (name, last_version, latest_version) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET
                        last_version = excluded.last_version, latest_version = excluded.latest_version
                    """, arguments: [name.rawValue, id.version, id.version])
            try database.execute(
                sql: "INSERT INTO definition_version (name, version, created_at, document) VALUES (?, ?, ?, ?)",
                arguments: [name.rawValue, id.version, instant.milliseconds, Data(document)])
            return DefinitionEntry(id: id, createdAt: instant)
        }
    }

    /// Removes all versions of a definition, if the latest is still the one that the caller knows.
    public func removeDefinition(_ name: DefinitionName, latest: Int) async throws(JournalError) -> Bool {
        try await write { database in
            try database.execute(
                sql: "UPDATE definition SET latest_version = NULL WHERE name = ? AND latest_version = ?",
                arguments: [name.rawValue, latest])
            guard database.changesCount == 1 else { return false }
            try database.execute(sql: "DELETE FROM definition_version WHERE name = ?", arguments: [name.rawValue])
            return true
        }
    }

    /// Removes one version.
    public func removeVersion(_ id: DefinitionID) async throws(JournalError) -> Bool {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM definition_version WHERE name = ? AND version = ?",
                arguments: [id.name.rawValue, id.version])
            guard database.changesCount == 1 else { return false }
            try database.execute(
                sql: """
                    UPDATE definition SET latest_version = (
                        SELECT max(version) FROM definition_version WHERE definition_version.name = definition.name)
                    WHERE name = ?
                    """, arguments: [id.name.rawValue])
            return true
        }
    }

    /// - Throws: ``JournalError/Code/conflict`` when there is no room for another version, or definition.
    private static func keep(
        _ limits: DefinitionLimits, _ name: DefinitionName, isNew: Bool, _ database: Database
    ) throws {
        let counted =
            isNew
            ? try Int.fetchOne(database, sql: "SELECT count(*) FROM definition WHERE latest_version IS NOT NULL")
            : try Int.fetchOne(
                database, sql: "SELECT count(*) FROM definition_version WHERE name = ?", arguments: [name.rawValue])
        let count = counted ?? 0
        if isNew, count >= limits.count {
            throw JournalError(.conflict, "\(count) definitions are stored, and \(limits.count) is the limit")
        }
        if !isNew, count >= limits.versions {
            throw JournalError(
                .conflict, "\(count) versions of \"\(name)\" are stored, and \(limits.versions) is the limit")
        }
    }

    private static func entry(ofDefinition row: Row) -> DefinitionEntry {
        DefinitionEntry(
            id: DefinitionID(DefinitionName(row["name"]), version: row["version"]),
            createdAt: Timestamp(milliseconds: row["created_at"]))
    }
}
