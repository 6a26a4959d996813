public import FlowJSON

/// What came of the cases that were tried on a backend.
public struct ConformanceReport: Hashable, Sendable {
    /// The results, in the order of the cases.
    public var results: [ConformanceResult]

    /// Makes a report.
    public init(_ results: [ConformanceResult]) { self.results = results }

    /// Makes a report of results that came in any order.
    ///
    /// - Parameter ids: The cases in their order; results of others are left out.
    public init(_ results: [ConformanceResult], inOrderOf ids: [String]) {
        let found = Dictionary(results.map { ($0.id, $0) }) { _, last in last }
        self.results = ids.compactMap { found[$0] }
    }

    /// How many cases ended so.
    public func count(_ outcome: ConformanceResult.Outcome) -> Int {
        results.count { $0.outcome == outcome }
    }

    /// Whether cases were tried and none of them failed.
    public var hasPassed: Bool { count(.passed) > 0 && count(.failed) == 0 }

    /// The highest level of which, and of those below it, cases passed and none failed; `nil` when that holds of none.
    public var level: ConformanceLevel? {
        var highest: ConformanceLevel?
        for level in ConformanceLevel.allCases {
            let own = results.filter { $0.level == level }
            guard own.contains(where: { $0.outcome == .passed }), !own.contains(where: { $0.outcome == .failed }) else {
                break
            }
            highest = level
        }
        return highest
    }

    /// The report as the API shows it.
    public var json: JSONValue {
        [
            "status": hasPassed ? "passed" : "failed", "level": level.map { .string($0.rawValue) } ?? .null,
            "passed": .integer(Int64(count(.passed))), "failed": .integer(Int64(count(.failed))),
            "skipped": .integer(Int64(count(.skipped))), "cases": .array(results.map(\.json)),
        ]
    }
}
