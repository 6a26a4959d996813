public import FlowCore

/// Since when a server of a version has worked on a journal.
public struct ServerVersion: Hashable, Sendable {
    /// The version.
    public var version: String
    /// When its first server started.
    public var since: Timestamp

    /// Makes an entry.
    public init(version: String, since: Timestamp) {
        self.version = version
        self.since = since
    }
}
