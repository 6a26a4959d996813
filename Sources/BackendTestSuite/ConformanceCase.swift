public import FlowCore

/// One thing that is asked of backends.
public struct ConformanceCase: Sendable, Identifiable, CustomStringConvertible {
    /// The level, the group and the name of the case, such as `L1.errors.failed-result`.
    public let id: String
    /// The level that it belongs to.
    public let level: ConformanceLevel
    /// What it is about.
    public let group: String
    /// What it checks, in a sentence.
    public let title: String
    /// Why that matters.
    public let why: String
    /// Whether nothing else may use the backend meanwhile.
    let isExclusive: Bool
    let body: @Sendable (Trial) async throws -> Void

    init(
        _ level: ConformanceLevel, _ group: String, _ name: String, _ title: String, why: String,
        isExclusive: Bool = false, _ body: @escaping @Sendable (Trial) async throws -> Void
    ) {
        id = "\(level.rawValue).\(group).\(name)"
        self.level = level
        self.group = group
        self.title = title
        self.why = why
        self.isExclusive = isExclusive
        self.body = body
    }

    /// The case as test reports name it.
    public var description: String { "\(id): \(title)" }

    /// Tries the case on a backend by itself.
    ///
    /// - Returns: what came of it; a failed case throws.
    /// - Throws: ``ConformanceFailure`` when the backend does not do what the case asks.
    @discardableResult
    public func check(_ backend: any Backend, samples: Samples = Samples()) async throws -> ConformanceResult {
        let report = try await BackendTestSuite(backend, samples: samples).report(of: [self])
        guard let result = report.results.first else {
            throw ConformanceFailure(sent: id, received: "no result", expected: "the case is tried")
        }
        if result.outcome == .failed { throw ConformanceError(report: report) }
        return result
    }

    /// Whether a pattern names the case: an id, its beginning up to a dot, or the same with `*` for any text.
    public func matches(_ pattern: String) -> Bool {
        if id == pattern || id.hasPrefix(pattern + ".") || group == pattern { return true }
        guard pattern.contains("*") else { return false }
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard var rest = id[...].dropping(prefix: parts[0]) else { return false }
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }

    /// What came of the case on a bench.
    func result(on bench: Bench, within time: Duration) async -> ConformanceResult {
        let start = ContinuousClock.now
        let body = self.body
        let ended = await Deadline.run(within: time) { () -> (ConformanceResult.Outcome, String) in
            do {
                try await body(Trial(bench: bench))
                return (.passed, "")
            } catch let skip as ConformanceSkip {
                return (.skipped, skip.reason)
            } catch let failure as ConformanceFailure {
                return (.failed, failure.description)
            } catch {
                return (.failed, "expected: \(title)\nreceived: an error: \(Trial.text(error))")
            }
        }
        let (outcome, detail) =
            ended
            ?? (
                .failed,
                "expected: \(title)\nreceived: nothing within \(DurationText.text(time)); the backend hangs, or waits for "
                    + "something that does not come"
            )
        return ConformanceResult(
            id: id, group: group, level: level, title: title, outcome: outcome,
            detail: ConformanceFailure.excerpt(detail, 16 << 10),
            duration: ContinuousClock.now - start)
    }
}

extension Substring {
    fileprivate func dropping(prefix: Substring) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}

/// A backend that does not conform.
public struct ConformanceError: Error, CustomStringConvertible {
    /// What came of all cases.
    public let report: ConformanceReport

    /// Each case that failed, with what was sent, what came and what should have come.
    public var description: String {
        let failed = report.results.filter { $0.outcome == .failed }
        return failed.map { "\($0.id): \($0.title)\n\($0.detail)" }.joined(separator: "\n\n")
    }
}
