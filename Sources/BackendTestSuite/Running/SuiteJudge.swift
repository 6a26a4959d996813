public import FlowCore
public import FlowEngine
import FlowJSON

/// Has a server judge its backends by the suite.
public struct SuiteJudge: ConformanceJudge {
    /// Makes it.
    public init() {}

    /// Patterns have to mean cases, and samples have to be readable.
    public func issues(in wish: ConformanceWish) -> [ValidationIssue] {
        var issues: [ValidationIssue] = []
        for (index, pattern) in wish.only.enumerated()
        where !BackendTestSuite.hasCase(pattern, upTo: wish.level) {
            issues.append(
                ValidationIssue(
                    ["only", .position(index)],
                    "no case up to level \(wish.level.rawValue) has the id or group \"\(pattern.prefix(80))\""))
        }
        do { _ = try Samples(decoding: wish.samples, at: ["samples"]) } catch { issues += error.issues }
        return issues
    }

    /// How many cases are meant.
    public func count(_ wish: ConformanceWish) -> Int { cases(wish).count }

    /// Tries a backend.
    public func results(
        of backend: any Backend, _ wish: ConformanceWish
    ) -> AsyncThrowingStream<ConformanceResult, any Error> {
        let samples = (try? Samples(decoding: wish.samples)) ?? Samples()
        return ConformanceRunner(BackendTestSuite(backend, samples: samples), cases: cases(wish)).results
    }

    /// The results in the order of the cases.
    public func report(of results: [ConformanceResult]) -> ConformanceReport {
        ConformanceReport(results, inOrderOf: BackendTestSuite.cases.map(\.id))
    }

    private func cases(_ wish: ConformanceWish) -> [ConformanceCase] {
        BackendTestSuite.cases.filter { item in
            item.level <= wish.level && (wish.only.isEmpty || wish.only.contains { item.matches($0) })
        }
    }
}
