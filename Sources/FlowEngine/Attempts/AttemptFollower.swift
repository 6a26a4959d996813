import FlowJSON

/// Follows one attempt from its beginning. An attempt that nobody follows any more is cancelled, so this has to be held as
/// long as somebody waits.
public final class AttemptFollower: Sendable {
    private let attempt: NodeAttempt
    private let leave: @Sendable () -> Void
    /// Whether an earlier request with the same key began the attempt.
    public let isReplay: Bool

    init(_ attempt: NodeAttempt, isReplay: Bool, leave: @escaping @Sendable () -> Void) {
        self.attempt = attempt
        self.isReplay = isReplay
        self.leave = leave
    }

    deinit { leave() }

    /// Waits until there are more parts of the result than so many, or the outcome.
    ///
    /// - Returns: all that is new; nothing when the task was cancelled first.
    public func news(after count: Int) async -> AttemptNews { await attempt.news(after: count) }

    /// Waits for the outcome; `nil` when the task was cancelled first.
    public func outcome() async -> AttemptOutcome? {
        // Every part of the result wakes whoever waits.
        while !Task.isCancelled {
            if let outcome = await attempt.news(after: .max).outcome { return outcome }
        }
        return nil
    }
}
