import FoundationEssentials

/// A clock whose instants can be stored: timers and journals outlive the process.
public protocol WallClock: Clock, Sendable where Instant == Timestamp, Duration == Swift.Duration {}

/// The machine's wall clock.
public struct SystemClock: WallClock {
    /// Makes the clock.
    public init() {}

    /// The current time.
    public var now: Timestamp { Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)) }

    /// A millisecond.
    public var minimumResolution: Duration { .milliseconds(1) }

    /// The system keeps what was asked for until its time, also when nobody waits for it any more.
    private static let longestSleep: Duration = .seconds(10)

    /// Sleeps until the instant has passed.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
        while true {
            let remaining = now.duration(to: deadline)
            guard remaining > .zero else { return }
            // The one place that waits for real time: all others wait on a clock, which tests move.
            try await Task.sleep(for: min(remaining, Self.longestSleep), tolerance: tolerance, clock: .continuous)
        }
    }
}
