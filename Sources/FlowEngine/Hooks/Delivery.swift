public import FlowCore

/// How far a server has come with telling somebody of a run's end.
public struct Delivery: Hashable, Sendable {
    /// Whether there is more to do.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        /// It has not been taken yet, and is tried again.
        case pending
        /// The receiver has taken it.
        case delivered
        /// It was given up.
        case failed
    }

    /// The run's place in the order of submission, by which a delivery is known.
    public var sequence: Int64
    /// The run.
    public var workflowID: WorkflowID
    /// Scheme, host and port of the receiver.
    public var origin: String
    /// Whether there is more to do.
    public var status = Status.pending
    /// How many times it was tried.
    public var attempts = 0
    /// When the run ended.
    public var createdAt: Timestamp
    /// When it was tried last.
    public var lastAttemptAt: Timestamp?
    /// When it is tried next; `nil` once there is no more to do.
    public var nextAttemptAt: Timestamp?
    /// Why the last attempt failed.
    public var lastError: String?

    /// Makes a delivery that is due at once.
    public init(sequence: Int64, workflowID: WorkflowID, origin: String, createdAt: Timestamp) {
        self.sequence = sequence
        self.workflowID = workflowID
        self.origin = origin
        self.createdAt = createdAt
        nextAttemptAt = createdAt
    }

    /// The delivery that the end of a run asks for; `nil` when nobody wants to know, or the run has not ended.
    init?(_ context: WorkflowContext, sequence: Int64) {
        guard let hook = context.submission.onCompletion, let end = context.completedAt else { return nil }
        self.init(sequence: sequence, workflowID: context.id, origin: hook.origin, createdAt: end)
    }

    /// The id of the event that tells of a run's end: the same in every attempt, and another one should a later run
    /// get the id of one that was removed.
    static func eventID(_ context: WorkflowContext) -> String {
        "\(context.id)/\((context.completedAt ?? context.submittedAt).milliseconds)"
    }
}

extension Delivery {
    /// What came of an attempt.
    package enum Outcome: Hashable, Sendable {
        /// The receiver has taken the event.
        case taken
        /// Another attempt may succeed, not before the receiver's own wish.
        case failed(String, retryAfter: Duration?)
        /// No other attempt would.
        case refused(String)
    }

    /// The wait after the first attempt; each further one is twice as long.
    static let firstDelay: Duration = .seconds(1)
    /// The longest wait between two attempts.
    static let longestDelay: Duration = .seconds(3600)

    /// Takes an attempt into account.
    ///
    /// - Parameters:
    ///   - maximumAge: How long after the run's end there is another attempt.
    ///   - random: A number from 0 to 1, which spreads the attempts at events that failed together.
    package mutating func conclude(_ outcome: Outcome, at now: Timestamp, maximumAge: Duration, random: Double) {
        attempts += 1
        lastAttemptAt = now
        nextAttemptAt = nil
        switch outcome {
        case .taken:
            status = .delivered
            lastError = nil
        case .refused(let reason):
            status = .failed
            lastError = reason
        case .failed(let reason, let wish):
            lastError = reason
            let delay = min(max(Self.delay(afterAttempts: attempts, random: random), wish ?? .zero), Self.longestDelay)
            let next = now.advanced(by: delay)
            if next <= createdAt.advanced(by: maximumAge) { nextAttemptAt = next } else { status = .failed }
        }
    }

    /// The wait after so many attempts: doubled each time up to an hour, and up to a fifth longer or shorter.
    package static func delay(afterAttempts attempts: Int, random: Double) -> Duration {
        let doublings = min(max(attempts - 1, 0), 12)
        let base = min(firstDelay * (1 << doublings), longestDelay)
        return .milliseconds(Int64(Double(base.wholeMilliseconds) * (0.8 + 0.4 * random)))
    }
}
