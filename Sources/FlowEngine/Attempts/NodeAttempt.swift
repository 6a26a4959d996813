public import FlowCore
public import FlowJSON
import Synchronization

/// One attempt at a node of a run that somebody else plans, and all that has come of it so far.
///
/// Several may follow it, each from its beginning. Once nobody does any more it is cancelled.
final class NodeAttempt: Sendable {
    private struct State: Sendable {
        var chunks: [JSONValue] = []
        /// Keeps secrets out of the chunks; `nil` when there is none to be kept.
        var filter: ChunkFilter?
        var outcome: AttemptOutcome?
        /// How large all that came of it is, as JSON.
        var bytes = 0
        var followers = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
        var task: Task<Void, Never>?
    }

    /// What tells apart requests that came with one key.
    let fingerprint: String?
    private let limits: EngineLimits
    private let secrets: (any SecretSource)?
    private let state: Mutex<State>

    init(fingerprint: String?, limits: EngineLimits, secrets: (any SecretSource)?) {
        self.fingerprint = fingerprint
        self.limits = limits
        self.secrets = secrets
        state = Mutex(State(filter: secrets.map { ChunkFilter($0) }))
    }

    /// How large all that came of it is, as JSON.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Whether the node itself said how it ended. A backend that could not be reached may be, the next time.
    var hasResult: Bool {
        state.withLock { state in
            if case .success = state.outcome { true } else { false }
        }
    }

    /// Takes the task that carries the attempt out, which may have ended.
    func take(_ task: Task<Void, Never>) {
        let isOver = state.withLock { state in
            if state.outcome == nil { state.task = task }
            return state.outcome != nil
        }
        if isOver { task.cancel() }
    }

    /// Adds a part of the result, without any secret in it.
    func emit(_ value: JSONValue) {
        let (waiters, failure) = state.withLock { state -> ([CheckedContinuation<Void, Never>], NodeFailure?) in
            guard state.outcome == nil else { return ([], nil) }
            let count = state.chunks.count
            let failure = add(state.filter?.take(value) ?? [value], to: &state)
            return (state.chunks.count > count ? Self.released(&state) : [], failure)
        }
        for waiter in waiters { waiter.resume() }
        if let failure { end(.success(.failure(failure))) }
    }

    /// Adds parts of the result up to the first that is too much.
    private func add(_ chunks: [JSONValue], to state: inout State) -> NodeFailure? {
        for chunk in chunks {
            let (bytes, excess) = JSONMeasure.size(
                of: chunk, maxBytes: limits.payloadBytes, maxDepth: limits.payloadDepth)
            guard excess == nil, state.bytes + bytes <= limits.runBytes else {
                state.filter = nil
                return Self.failure(excess ?? .size, limits)
            }
            state.bytes += bytes
            state.chunks.append(chunk)
        }
        return nil
    }

    /// Ends the attempt with the first outcome that it gets, and cancels what still carries it out.
    ///
    /// - Returns: false when it had ended before.
    @discardableResult
    func end(_ outcome: AttemptOutcome) -> Bool {
        let (outcome, bytes) = admitted(outcome)
        let ended = state.withLock { state -> (waiters: [CheckedContinuation<Void, Never>], Task<Void, Never>?)? in
            guard state.outcome == nil else { return nil }
            // What was held back comes before the end.
            if let failure = add(state.filter?.rest() ?? [], to: &state) {
                state.outcome = .success(.failure(failure))
            } else {
                state.outcome = outcome
                state.bytes += bytes
            }
            return (Self.released(&state), state.task.take())
        }
        guard let ended else { return false }
        ended.1?.cancel()
        for waiter in ended.waiters { waiter.resume() }
        return true
    }

    private static func released(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        defer { state.waiters = [:] }
        return Array(state.waiters.values)
    }

    /// An outcome without any secret in it, and no larger than outputs may be.
    private func admitted(_ outcome: AttemptOutcome) -> (AttemptOutcome, bytes: Int) {
        guard case .success(let result) = outcome else { return (outcome, 0) }
        let shown = secrets.map { $0.redacted(result) } ?? result
        let measured: JSONValue
        switch shown {
        case .success(let output, let notes): measured = [output, .object(notes?.metadata ?? JSONObject())]
        case .interrupted(let prompt): measured = prompt
        case .failure(let failure): return (.success(shown), JSONWriter.bytes(of: failure.json).count)
        }
        let (bytes, excess) = JSONMeasure.size(
            of: measured, maxBytes: limits.payloadBytes, maxDepth: limits.payloadDepth)
        return excess.map { (.success(.failure(Self.failure($0, limits))), 0) } ?? (.success(shown), bytes)
    }

    private static func failure(_ excess: JSONMeasure.Excess, _ limits: EngineLimits) -> NodeFailure {
        RunDriver.failure(excess, "output", limits)
    }

    // MARK: Following

    func join() { state.withLock { $0.followers += 1 } }

    /// - Returns: whether nobody is left of those who followed, and the attempt has not ended.
    func leave() -> Bool {
        state.withLock { state in
            state.followers -= 1
            return state.followers == 0 && state.outcome == nil
        }
    }

    /// Waits until there are more chunks than so many, or the outcome.
    ///
    /// - Returns: all that is new; nothing when the task was cancelled first.
    func news(after count: Int) async -> AttemptNews {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    // A cancellation sets its flag before it calls the handler, which needs this lock.
                    guard !Task.isCancelled, state.outcome == nil, state.chunks.count <= count else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
        return state.withLock { AttemptNews(chunks: Array($0.chunks.dropFirst(count)), outcome: $0.outcome) }
    }
}

/// How an attempt ended: with what the node said, or because no backend carried it out.
public typealias AttemptOutcome = Result<NodeResult, ServiceError>

/// What has come of an attempt since its follower looked last.
public struct AttemptNews: Sendable {
    /// Parts of the result in their order.
    public let chunks: [JSONValue]
    /// How the attempt ended; `nil` while it is under way.
    public let outcome: AttemptOutcome?
}
