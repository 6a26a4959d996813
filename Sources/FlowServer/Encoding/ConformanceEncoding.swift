import FlowCore
import FlowEngine
import FlowJSON

/// Runs of the conformance suite as the API shows them.
enum ConformanceEncoding {
    /// A run as a JSON object.
    ///
    /// - Parameter withCases: Whether its cases are shown.
    static func json(_ run: ConformanceRun, withCases: Bool) -> JSONValue {
        let report = run.report
        var object: JSONObject = [
            "id": .string(run.id), "backend": .string(run.backend.rawValue), "status": .string(run.status.rawValue),
            "requested_level": .string(run.level.rawValue), "only": .array(run.only.map { .string($0) }),
            "level": run.proven.map { .string($0.rawValue) } ?? .null, "total": .integer(Int64(run.total)),
            "passed": .integer(Int64(report.count(.passed))), "failed": .integer(Int64(report.count(.failed))),
            "skipped": .integer(Int64(report.count(.skipped))), "error": run.error.map { .string($0) } ?? .null,
            "started_at": .string(run.startedAt.description),
            "ended_at": run.endedAt.map { .string($0.description) } ?? .null,
        ]
        if withCases { object["cases"] = .array(report.results.map(\.json)) }
        return .object(object)
    }

    /// What a backend shows of its last run, or `null`.
    static func summary(_ run: ConformanceRun?) -> JSONValue {
        guard let run else { return .null }
        return json(run, withCases: false)
    }
}
