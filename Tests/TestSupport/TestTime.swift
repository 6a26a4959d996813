import Synchronization

/// The time of a server's deadlines: it runs ahead of the system's as far as a test pushes it.
package final class TestTime: Sendable {
    private let ahead = Mutex(Duration.zero)

    package init() {}

    /// The time as it is now.
    package var now: ContinuousClock.Instant { .now + ahead.withLock { $0 } }

    package func advance(by duration: Duration) { ahead.withLock { $0 += duration } }

    /// Lets the time run until `body` has ended. How far is not told: a bound that is not to be met has to be out of reach.
    package func runs<Result: Sendable>(while body: @escaping @Sendable () async -> Result) async -> Result {
        let isDone = Atomic(false)
        async let result = {
            let result = await body()
            isDone.store(true, ordering: .relaxed)
            return result
        }()
        while !isDone.load(ordering: .relaxed) {
            advance(by: .seconds(1))
            await Task.yield()
        }
        return await result
    }
}
