public import FlowCore
public import FlowJSON
import Synchronization

/// Wraps a backend and stands between it and what it cannot take: tries again what failed for want of it, leaves it alone
/// when it fails over and over, and gives it no more at a time than it can do.
///
/// A node's own failure is an answer of the backend: it passes through and counts as a success of the backend.
public final class ResilientBackend: DecoratingBackend {
    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "resilient"
    private let configuration: ResilientConfiguration
    private let clock: any WallClock
    private let random: @Sendable () -> Double
    private let lookup: @Sendable () -> (any Backend)?
    private let circuit: Circuit?
    private let turnstile: Turnstile?

    /// Makes a backend.
    ///
    /// - Parameters:
    ///   - clock: What delays and the circuit breaker go by.
    ///   - random: Gives numbers from 0 up to 1, which place delays within their jitter.
    ///   - base: Finds the wrapped backend.
    public init(
        name: BackendName, configuration: ResilientConfiguration, clock: any WallClock,
        random: @escaping @Sendable () -> Double, base: @escaping @Sendable () -> (any Backend)?
    ) {
        self.name = name
        self.configuration = configuration
        self.clock = clock
        self.random = random
        lookup = base
        circuit = configuration.circuitBreaker.map { Circuit($0, clock) }
        turnstile = configuration.maxConcurrent.map { Turnstile(capacity: $0, room: configuration.maxQueue) }
    }

    /// The wrapped backend.
    public var base: (any Backend)? { lookup() }

    /// What the wrapped backend promises, except that this one tries again.
    public var contract: BackendContract {
        get async {
            var contract = await base?.contract ?? BackendContract()
            if let retry = configuration.retry, retry.maxAttempts > 1 { contract.retryOwner = .backend }
            return contract
        }
    }

    /// Executes the node as soon as there is a place, and again when it failed for want of the backend.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let backend = try required()
        // Whoever computes a node inline must not be kept waiting; such a node is through before another could begin.
        if backend.computesInline(request.node) { return try await call(backend, request) }
        guard let retry = configuration.retry, retry.maxAttempts > 1 else { return try await enter(request) }
        let emission = Emission(request.emit)
        var request = request
        request.emit = emission.emit
        let handOver = HandOver(request.report)
        request.report = handOver.report
        var tries = 1
        while true {
            do {
                return try await enter(request)
            } catch {
                let delay = retry.delay(afterAttempts: tries, random: random())
                guard tries < retry.maxAttempts, isWorthAnother(error, after: delay, request),
                    !emission.hasBegun
                else {
                    var error = error
                    // What has been handed out can only begin anew with another attempt, which is the run's to make.
                    error.retryOwner = emission.hasBegun ? .service : nil
                    throw error
                }
                tries += 1
                handOver.goBack(because: error)
                do {
                    try await clock.sleep(until: clock.now.advanced(by: delay), tolerance: nil)
                } catch {
                    throw BackendError(.cancelled, backend: name, "cancelled")
                }
            }
        }
    }

    /// Whether the wrapped backend may do better after a delay, and somebody will still wait for it.
    private func isWorthAnother(_ error: BackendError, after delay: Duration, _ request: NodeRequest) -> Bool {
        guard error.code == .unavailable || error.code == .overloaded, error.isRetriable, !Task.isCancelled else {
            return false
        }
        let instant = clock.now.advanced(by: delay)
        if let deadline = request.deadline, instant >= deadline { return false }
        return circuit?.openUntil(asOf: instant) == nil
    }

    /// Waits for a place and makes one call.
    private func enter(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard let turnstile else { return try await call(try required(), request) }
        // Nobody has to wait to be told this.
        if let openUntil = circuit?.openUntil(asOf: clock.now) { throw refusal(openUntil) }
        switch await turnstile.enter() {
        case .entered: break
        case .cancelled: throw BackendError(.cancelled, backend: name, "cancelled while it waited for a place")
        case .full:
            throw BackendError(
                .overloaded, backend: name,
                "\(configuration.maxConcurrent ?? 0) nodes run and \(configuration.maxQueue) wait, which is all it takes"
            )
        }
        defer { turnstile.leave() }
        if Task.isCancelled { throw BackendError(.cancelled, backend: name, "cancelled while it waited for a place") }
        return try await call(try required(), request)
    }

    private func refusal(_ openUntil: Timestamp?) -> BackendError {
        let base = base.map { "\"\($0.name)\"" } ?? "the wrapped backend"
        let message =
            if let openUntil {
                "the circuit is open until \(openUntil): \(base) failed over and over"
            } else {
                "the circuit is half open: other nodes probe whether \(base) is back"
            }
        return BackendError(.unavailable, backend: name, message)
    }

    /// Makes one call, if the circuit lets it through.
    private func call(_ backend: any Backend, _ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard let circuit else { return try await backend.executeNode(request) }
        guard let ticket = circuit.admit() else { throw refusal(circuit.openUntil(asOf: clock.now)) }
        do {
            let result = try await backend.executeNode(request)
            circuit.report(.success, of: ticket)
            return result
        } catch {
            circuit.report(error.circuitOutcome, of: ticket)
            throw error
        }
    }

    /// Unhealthy while the circuit is open, else as the wrapped backend is.
    public func health() async -> BackendHealth {
        if let openUntil = circuit?.openUntil(asOf: clock.now) {
            return .unhealthy(reason: "circuit: open until \(openUntil)")
        }
        return await base?.health() ?? .unhealthy(reason: "the wrapped backend is not registered")
    }

    /// How the circuit stands, and how many nodes run and wait.
    public func healthDetails() async -> JSONObject {
        var details = await base?.healthDetails() ?? [:]
        for (name, value) in circuit?.details ?? [] { details[name] = value }
        if let load = turnstile?.load {
            details["running"] = .integer(Int64(load.inside))
            details["queued"] = .integer(Int64(load.waiting))
        }
        return details
    }
}

/// A circuit breaker that all nodes of a backend share.
private final class Circuit: Sendable {
    private let breaker: Mutex<CircuitBreaker>
    private let clock: any WallClock

    init(_ policy: CircuitBreaker.Policy, _ clock: any WallClock) {
        breaker = Mutex(CircuitBreaker(policy))
        self.clock = clock
    }

    func admit() -> CircuitBreaker.Ticket? { breaker.withLock { $0.admit(at: clock.now) } }

    func report(_ outcome: CircuitBreaker.Outcome, of ticket: CircuitBreaker.Ticket) {
        breaker.withLock { $0.report(outcome, of: ticket, at: clock.now) }
    }

    /// When it will let calls through, if it lets none through at an instant.
    func openUntil(asOf instant: Timestamp) -> Timestamp? {
        breaker.withLock { $0.state(at: instant) == .open ? $0.openUntil : nil }
    }

    var details: [(name: String, value: JSONValue)] {
        let now = clock.now
        let breaker = breaker.withLock { $0 }
        let state = breaker.state(at: now)
        var details: [(String, JSONValue)] = [("circuit", .string(state.rawValue))]
        if state == .closed { details.append(("failures", .integer(Int64(breaker.failures)))) }
        if state == .open, let until = breaker.openUntil { details.append(("open_until", .string("\(until)"))) }
        return details
    }
}

extension BackendError {
    /// What the error says of the backend: one that does not know a type, or was told to stop, is there.
    fileprivate var circuitOutcome: CircuitBreaker.Outcome {
        switch code {
        case .unavailable, .overloaded: .failure
        case .unsupported: .success
        case .cancelled: .unknown
        }
    }
}

/// Remembers whether a part of a result was handed out: those who follow the run have it, and cannot be told that it
/// begins anew within the attempt.
private final class Emission: Sendable {
    private let begun = Atomic(false)
    private let hand: @Sendable (JSONValue) -> Void

    init(_ hand: @escaping @Sendable (JSONValue) -> Void) { self.hand = hand }

    var hasBegun: Bool { begun.load(ordering: .acquiring) }

    @Sendable func emit(_ part: JSONValue) {
        begun.store(true, ordering: .releasing)
        hand(part)
    }
}
