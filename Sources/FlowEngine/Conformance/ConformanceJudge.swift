public import FlowCore

/// Judges backends. The engine states what it needs; a suite of cases implements it.
public protocol ConformanceJudge: Sendable {
    /// Everything that is wrong with a wish, each with a pointer within the request.
    func issues(in wish: ConformanceWish) -> [ValidationIssue]

    /// How many cases a wish means.
    func count(_ wish: ConformanceWish) -> Int

    /// Tries a backend, and gives the results as they come. Nobody else is told of the backend's end.
    func results(
        of backend: any Backend, _ wish: ConformanceWish
    ) -> AsyncThrowingStream<ConformanceResult, any Error>

    /// The report of results that came in any order.
    func report(of results: [ConformanceResult]) -> ConformanceReport
}
