public import FlowCore

/// Keeps calls from a backend that has failed over and over, until some that probe it have succeeded.
///
/// It is a value that knows no clock: whoever holds it says what time it is.
public struct CircuitBreaker: Sendable {
    /// When it opens and closes.
    public struct Policy: Hashable, Sendable {
        /// After so many failures in a row it opens.
        public var failureThreshold: Int
        /// How long it stays open before calls may probe the backend.
        public var openFor: Duration
        /// How many calls probe at the same time, and how many have to succeed.
        public var halfOpenProbes: Int

        /// Makes a policy.
        public init(failureThreshold: Int = 5, openFor: Duration = .seconds(30), halfOpenProbes: Int = 1) {
            self.failureThreshold = failureThreshold
            self.openFor = openFor
            self.halfOpenProbes = halfOpenProbes
        }
    }

    /// Where it stands.
    public enum State: String, Hashable, Sendable {
        /// Calls pass.
        case closed
        /// No call passes.
        case open
        /// Some calls pass, to see whether the backend is back.
        case halfOpen = "half_open"
    }

    /// Leave to make one call, to be given back with what came of it.
    public struct Ticket: Hashable, Sendable {
        fileprivate let period: Int
    }

    /// What came of a call, as far as the backend is concerned.
    public enum Outcome: Hashable, Sendable {
        /// It answered.
        case success
        /// It could not do its part.
        case failure
        /// The call says nothing of it.
        case unknown
    }

    private enum Phase {
        case closed(failures: Int)
        case open(until: Timestamp)
        case halfOpen(since: Timestamp, probing: Int, succeeded: Int)
    }

    private let policy: Policy
    private var phase = Phase.closed(failures: 0)
    /// Counts the changes of state: what came of a call that began before the last one is no news.
    private var period = 0

    /// Makes one that is closed.
    public init(_ policy: Policy) { self.policy = policy }

    /// Where it stands at an instant.
    public func state(at now: Timestamp) -> State {
        switch phase {
        case .closed: .closed
        case .open(let until): now < until ? .open : .halfOpen
        case .halfOpen: .halfOpen
        }
    }

    /// How many failures in a row there were since it closed.
    public var failures: Int { if case .closed(let failures) = phase { failures } else { policy.failureThreshold } }

    /// The instant until which no call passes.
    public var openUntil: Timestamp? { if case .open(let until) = phase { until } else { nil } }

    /// Asks for leave to make a call; `nil` when none is given.
    public mutating func admit(at now: Timestamp) -> Ticket? {
        switch phase {
        case .closed: break
        case .open(let until):
            guard now >= until else { return nil }
            enter(.halfOpen(since: now, probing: 1, succeeded: 0))
        case .halfOpen(let since, let probing, let succeeded):
            if probing + succeeded < policy.halfOpenProbes {
                phase = .halfOpen(since: since, probing: probing + 1, succeeded: succeeded)
            } else {
                // A probe that never ends must not keep the circuit from closing: after a while others take its place.
                guard now >= since.advanced(by: policy.openFor) else { return nil }
                enter(.halfOpen(since: now, probing: 1, succeeded: 0))
            }
        }
        return Ticket(period: period)
    }

    /// Takes note of what came of a call.
    public mutating func report(_ outcome: Outcome, of ticket: Ticket, at now: Timestamp) {
        guard ticket.period == period else { return }
        switch (phase, outcome) {
        case (.open, _), (.closed, .unknown), (.closed(failures: 0), .success): return
        case (.closed, .success): phase = .closed(failures: 0)
        case (.closed(let failures), .failure):
            guard failures + 1 >= policy.failureThreshold else { return phase = .closed(failures: failures + 1) }
            open(at: now)
        case (.halfOpen(let since, let probing, let succeeded), .unknown):
            phase = .halfOpen(since: since, probing: probing - 1, succeeded: succeeded)
        case (.halfOpen(let since, let probing, let succeeded), .success):
            guard succeeded + 1 >= policy.halfOpenProbes else {
                return phase = .halfOpen(since: since, probing: probing - 1, succeeded: succeeded + 1)
            }
            enter(.closed(failures: 0))
        case (.halfOpen, .failure): open(at: now)
        }
    }

    private mutating func open(at now: Timestamp) { enter(.open(until: now.advanced(by: policy.openFor))) }

    private mutating func enter(_ next: Phase) {
        phase = next
        period += 1
    }
}
