/// Bounds how long something may take that need not heed its cancellation.
enum Deadline {
    /// Runs `body` for so long at most.
    ///
    /// - Returns: `nil` when it did not end in time; then it is cancelled and left behind.
    static func run<Result: Sendable>(
        within time: Duration, _ body: @escaping @Sendable () async -> Result
    ) async -> Result? {
        let (stream, continuation) = AsyncStream.makeStream(of: Result?.self)
        // Unstructured, since a backend that is judged may ignore its cancellation, for which nobody here can wait.
        let work = Task { _ = continuation.yield(await body()) }
        let timer = Task {
            try? await ContinuousClock().sleep(for: time)
            continuation.yield(nil)
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        for await result in stream { return result }
        return nil
    }
}
