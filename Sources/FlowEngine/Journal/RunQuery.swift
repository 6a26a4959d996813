public import FlowCore

/// Which runs a client wants to see, newest first.
public struct RunQuery: Hashable, Sendable {
    /// Any of these statuses; empty for all.
    public var statuses: Set<WorkflowStatus> = []
    /// This workflow name.
    public var name: String?
    /// This backend.
    public var backend: BackendName?
    /// This definition, in one version or in any.
    public var definition: DefinitionReference?
    /// All of these labels.
    public var labels: [String: String] = [:]
    /// Submitted at this instant or later.
    public var submittedFrom: Timestamp?
    /// Submitted before this instant.
    public var submittedBefore: Timestamp?
    /// Only runs submitted before the one of this sequence number: where the last page ended.
    public var before: Int64?
    /// How many at most.
    public var limit: Int

    /// Makes a query for all runs.
    public init(limit: Int = 50) { self.limit = limit }

    /// Whether a run is among those that the query asks for, its limit apart.
    public func matches(_ entry: RunEntry) -> Bool {
        (statuses.isEmpty || statuses.contains(entry.status))
            && (name == nil || name == entry.name)
            && (backend == nil || backend == entry.backend)
            && definition.map { wanted in entry.definition.map(wanted.includes) ?? false } ?? true
            && labels.allSatisfy { entry.labels[$0.key] == $0.value }
            && submittedFrom.map { entry.submittedAt >= $0 } ?? true
            && submittedBefore.map { entry.submittedAt < $0 } ?? true
            && before.map { entry.sequence < $0 } ?? true
    }
}
