import FlowBackends
import FlowCore
import Testing

@Suite("the circuit breaker")
struct CircuitBreakerTests {
    private static let start = Timestamp(milliseconds: 1000)

    private static func after(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    /// One that has just opened, for ten seconds.
    private static func opened(probes: Int) throws -> CircuitBreaker {
        var breaker = CircuitBreaker(.init(failureThreshold: 1, openFor: .seconds(10), halfOpenProbes: probes))
        let ticket = try breaker.ticket(at: start)
        breaker.report(.failure, of: ticket, at: start)
        #expect(breaker.state(at: start) == .open && breaker.openUntil == after(10))
        return breaker
    }

    @Test("it opens after so many failures in a row, which a success breaks and an unknown outcome does not")
    func opens() throws {
        var breaker = CircuitBreaker(.init(failureThreshold: 3, openFor: .seconds(10), halfOpenProbes: 1))
        func report(_ outcomes: [CircuitBreaker.Outcome], _ breaker: inout CircuitBreaker) throws {
            for outcome in outcomes {
                let ticket = try breaker.ticket(at: Self.start)
                breaker.report(outcome, of: ticket, at: Self.start)
            }
        }
        try report([.failure, .failure, .success, .failure, .unknown, .failure], &breaker)
        #expect(breaker.state(at: Self.start) == .closed && breaker.failures == 2)
        try report([.failure], &breaker)
        #expect(breaker.state(at: Self.start) == .open)
        #expect(!breaker.admits(at: Self.after(9)))
        #expect(breaker.state(at: Self.after(10)) == .halfOpen)
    }

    @Test("half open it lets so many probes through, and closes when as many have succeeded")
    func probes() throws {
        var breaker = try Self.opened(probes: 2)
        let first = try breaker.ticket(at: Self.after(10))
        let second = try breaker.ticket(at: Self.after(10))
        #expect(!breaker.admits(at: Self.after(10)))
        breaker.report(.success, of: first, at: Self.after(11))
        #expect(breaker.state(at: Self.after(11)) == .halfOpen)
        #expect(!breaker.admits(at: Self.after(11)))
        breaker.report(.success, of: second, at: Self.after(11))
        #expect(breaker.state(at: Self.after(11)) == .closed && breaker.failures == 0)
        #expect(breaker.admits(at: Self.after(11)))
    }

    @Test("a probe that fails opens it again, whatever the others say afterwards")
    func reopens() throws {
        var breaker = try Self.opened(probes: 2)
        let first = try breaker.ticket(at: Self.after(10))
        let second = try breaker.ticket(at: Self.after(10))
        breaker.report(.failure, of: first, at: Self.after(12))
        breaker.report(.success, of: second, at: Self.after(13))
        #expect(breaker.openUntil == Self.after(22) && breaker.state(at: Self.after(21)) == .open)
        // Not even once it is half open again.
        let third = try breaker.ticket(at: Self.after(22))
        breaker.report(.success, of: second, at: Self.after(22))
        #expect(breaker.state(at: Self.after(22)) == .halfOpen)
        breaker.report(.success, of: third, at: Self.after(22))
        #expect(breaker.state(at: Self.after(22)) == .halfOpen)
    }

    @Test("a probe that says nothing makes room for another, and one that never ends does after a while")
    func lostProbes() throws {
        var breaker = try Self.opened(probes: 1)
        let cancelled = try breaker.ticket(at: Self.after(10))
        breaker.report(.unknown, of: cancelled, at: Self.after(10))
        let hanging = try breaker.ticket(at: Self.after(11))
        #expect(!breaker.admits(at: Self.after(19)))
        let next = try breaker.ticket(at: Self.after(20))
        breaker.report(.failure, of: hanging, at: Self.after(20))
        #expect(breaker.state(at: Self.after(20)) == .halfOpen)
        breaker.report(.success, of: next, at: Self.after(20))
        #expect(breaker.state(at: Self.after(20)) == .closed)
    }

    @Test("calls that began before it opened change nothing")
    func stragglers() throws {
        var breaker = CircuitBreaker(.init(failureThreshold: 1, openFor: .seconds(10), halfOpenProbes: 1))
        let slow = try breaker.ticket(at: Self.start)
        let slower = try breaker.ticket(at: Self.start)
        let quick = try breaker.ticket(at: Self.start)
        breaker.report(.failure, of: quick, at: Self.start)
        breaker.report(.success, of: slow, at: Self.after(1))
        #expect(breaker.openUntil == Self.after(10))
        let probe = try breaker.ticket(at: Self.after(10))
        breaker.report(.failure, of: slower, at: Self.after(10))
        breaker.report(.success, of: probe, at: Self.after(10))
        #expect(breaker.state(at: Self.after(10)) == .closed)
    }
}

extension CircuitBreaker {
    fileprivate struct Refused: Error {}

    fileprivate mutating func ticket(at now: Timestamp) throws -> Ticket {
        guard let ticket = admit(at: now) else { throw Refused() }
        return ticket
    }

    /// Whether it would let a call through.
    fileprivate func admits(at now: Timestamp) -> Bool {
        var copy = self
        return copy.admit(at: now) != nil
    }
}
