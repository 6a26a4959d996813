public import FlowCore

/// Tries cases on a backend, as many at the same time as can be, within a bounded time.
public struct ConformanceRunner: Sendable {
    /// What is judged.
    public let suite: BackendTestSuite
    /// What is asked, in the order of the report.
    public let cases: [ConformanceCase]
    /// How long one case may take, on a backend that is quick; one that needs longer for a node is given more of all times,
    /// up to fifteen times as much.
    public var caseTime: Duration = .seconds(10)
    /// How long all may take; what has not been tried by then has failed.
    public var wholeTime: Duration = .seconds(20)
    /// How much more time than it promises a backend is given to cancel its work, for machines that are short of it.
    public var slack: Duration = .zero
    /// How many cases are tried at the same time.
    public var width = 12

    /// Makes a runner.
    ///
    /// - Parameters:
    ///   - level: The highest level whose cases are tried.
    ///   - patterns: Which cases are tried: ids, groups, or beginnings of ids; all when there is none.
    public init(_ suite: BackendTestSuite, upTo level: ConformanceLevel = .l3, only patterns: [String] = []) {
        self.init(
            suite,
            cases: BackendTestSuite.cases.filter { item in
                item.level <= level && (patterns.isEmpty || patterns.contains { item.matches($0) })
            })
    }

    /// Makes a runner of certain cases.
    public init(_ suite: BackendTestSuite, cases: [ConformanceCase]) {
        self.suite = suite
        self.cases = cases
    }

    /// The results as they come. When nobody waits for them any more, the rest is not tried.
    ///
    /// Ends with ``ConformanceFailure`` when a service does not answer at all.
    public var results: AsyncThrowingStream<ConformanceResult, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: ConformanceResult.self)
        // Unstructured, since the stream is handed out; it owns the task and cancels it when nobody reads it any more.
        let task = Task {
            do {
                try await run { continuation.yield($0) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Tries all cases.
    ///
    /// - Throws: ``ConformanceFailure`` when a service does not answer at all; `CancellationError`.
    public func report() async throws -> ConformanceReport {
        var results: [ConformanceResult] = []
        for try await result in self.results { results.append(result) }
        try Task.checkCancellation()
        return report(of: results)
    }

    /// The report of results that came in any order.
    public func report(of results: [ConformanceResult]) -> ConformanceReport {
        ConformanceReport(results, inOrderOf: cases.map(\.id))
    }

    private func run(_ report: @escaping @Sendable (ConformanceResult) -> Void) async throws {
        let start = ContinuousClock.now
        try await Bench.with(suite.subject, samples: suite.samples, slack: slack) { bench in
            let end = start + wholeTime * bench.scale
            await withTaskGroup(of: Void.self) { group in
                var active = 0
                for item in cases where !item.isExclusive {
                    if active >= width { await group.next() } else { active += 1 }
                    if Task.isCancelled { break }
                    group.addTask { report(await result(of: item, on: bench, by: end)) }
                }
            }
            for item in cases where item.isExclusive && !Task.isCancelled {
                report(await result(of: item, on: bench, by: end))
            }
        }
    }

    private func result(
        of item: ConformanceCase, on bench: Bench, by end: ContinuousClock.Instant
    ) async -> ConformanceResult {
        let left = end - .now
        guard left > .zero else {
            return ConformanceResult(
                id: item.id, group: item.group, level: item.level, title: item.title, outcome: .failed,
                detail:
                    "expected: \(item.title)\nreceived: no time: the cases before took all "
                    + "\(DurationText.text(wholeTime * bench.scale)) "
                    + "of the suite; mend those that hang first",
                duration: .zero)
        }
        return await item.result(on: bench, within: min(left, caseTime * bench.scale))
    }
}
