public import FlowCore
public import FlowEngine
import FlowJSON
import GRDB

extension SQLiteJournal {
    /// The registered backends in the order of their registration.
    public func registrations() async throws(JournalError) -> [BackendRegistration] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM backend ORDER BY position").map { row in
                let config: String = row["config"]
                guard let object = try JSONParser.parse(config).object else {
                    throw JournalError(.corrupt, "a registered backend has no configuration")
                }
                let level: String? = row["require_conformance"]
                return BackendRegistration(
                    name: BackendName(row["name"]), type: row["type"], config: object,
                    requireConformance: level.flatMap(ConformanceLevel.init(rawValue:)), file: row["file"])
            }
        }
    }

    /// Stores a registration, or replaces the one of its name in its place. What was proven of that says nothing of the new
    /// one.
    public func save(_ registration: BackendRegistration) async throws(JournalError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO backend (name, type, config, require_conformance, file) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET type = excluded.type, config = excluded.config,
                        require_conformance = excluded.require_conformance, file = excluded.file
                    """,
                arguments: [
                    registration.name.rawValue, registration.type, JSONValue.object(registration.config).description,
                    registration.requireConformance?.rawValue, registration.file,
                ])
            try database.execute(
                sql: "UPDATE conformance_run SET is_current = 0 WHERE backend = ?",
                arguments: [registration.name.rawValue])
        }
    }

    /// Removes a registration.
    public func removeRegistration(_ name: BackendName) async throws(JournalError) {
        try await write { database in
            try database.execute(sql: "DELETE FROM backend WHERE name = ?", arguments: [name.rawValue])
            try database.execute(sql: "DELETE FROM conformance_run WHERE backend = ?", arguments: [name.rawValue])
        }
    }

    /// Keeps which version of the server works on the database from now on.
    public func note(_ version: ServerVersion) async throws(JournalError) -> [ServerVersion] {
        try await write { database in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM server_version ORDER BY position")
            var known = rows.map { row in
                ServerVersion(version: row["version"], since: Timestamp(milliseconds: row["since"]))
            }
            guard known.last?.version != version.version else { return known }
            try database.execute(
                sql: "INSERT INTO server_version (version, since) VALUES (?, ?)",
                arguments: [version.version, version.since.milliseconds])
            known.append(version)
            return known
        }
    }

    /// Reads the labels that a run's row holds.
    static func labels(_ text: String?) -> [String: String] {
        guard let text, let object = (try? JSONParser.parse(text))?.object else { return [:] }
        var labels: [String: String] = [:]
        for member in object.members { labels[member.name] = member.value.string }
        return labels
    }
}
