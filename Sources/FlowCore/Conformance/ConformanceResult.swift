public import FlowJSON

/// What came of one case.
public struct ConformanceResult: Hashable, Sendable {
    /// How it ended.
    public enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// The backend does what the case asks.
        case passed
        /// It does not.
        case failed
        /// The case could not be tried, for want of a sample or a capability.
        case skipped
    }

    /// The case's id, such as `L1.errors.failed-result`.
    public var id: String
    /// The group that it belongs to.
    public var group: String
    /// The level that it belongs to.
    public var level: ConformanceLevel
    /// What it checks.
    public var title: String
    /// How it ended.
    public var outcome: Outcome
    /// Why it failed or was skipped, with what to do about it; empty when it passed.
    public var detail: String
    /// How long it took.
    public var duration: Duration

    /// Makes a result.
    public init(
        id: String, group: String, level: ConformanceLevel, title: String, outcome: Outcome, detail: String = "",
        duration: Duration
    ) {
        self.id = id
        self.group = group
        self.level = level
        self.title = title
        self.outcome = outcome
        self.detail = detail
        self.duration = duration
    }

    /// The result as the API shows it.
    public var json: JSONValue {
        [
            "id": .string(id), "group": .string(group), "level": .string(level.rawValue), "title": .string(title),
            "outcome": .string(outcome.rawValue), "detail": detail.isEmpty ? .null : .string(detail),
            "duration_ms": .integer(Int64(duration / .milliseconds(1))),
        ]
    }

    /// Reads what ``json`` makes, or `nil` when the value is something else.
    public init?(decoding value: JSONValue) {
        guard let id = value["id"]?.string, let group = value["group"]?.string, let title = value["title"]?.string,
            let level = value["level"]?.string.flatMap(ConformanceLevel.init(rawValue:)),
            let outcome = value["outcome"]?.string.flatMap(Outcome.init(rawValue:)),
            let milliseconds = value["duration_ms"]?.integer
        else { return nil }
        self.init(
            id: id, group: group, level: level, title: title, outcome: outcome, detail: value["detail"]?.string ?? "",
            duration: .milliseconds(milliseconds))
    }
}
