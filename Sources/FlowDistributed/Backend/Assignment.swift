import FlowCore
import FlowJSON
import FlowNATS
import Synchronization

/// A node that is handed out, until its result is there.
final class Assignment: Sendable {
    /// How a wait for a result ends.
    enum Outcome: Sendable {
        case result(ResultEnvelope)
        case failed(NATSError)
        /// Nobody wants the result any more.
        case cancelled
    }

    /// What results have to repeat, by which it is known that they come from a worker that was given the node.
    enum Token: Sendable {
        /// It is being looked for: an earlier start may have given the node out.
        case sought
        /// Nothing is left that tells.
        case unknown
        case known(String)
    }

    private struct State: Sendable {
        var token: Token
        var sequence: UInt64?
        /// Whether a broker has confirmed that it has the task, and since when.
        var isPublished = false
        var publishedAt: ContinuousClock.Instant = .now
        var lookedAt: ContinuousClock.Instant = .now
        var started: (worker: String, acknowledgement: String)?
        /// The deliveries that workers have begun and not given back, when they changed, and what is written down of them.
        var deliveries: Set<String> = []
        var deliveriesChangedAt: ContinuousClock.Instant = .now
        var recorded: Set<String> = []
        var isRecordDropped = false
        var outcome: Outcome?
        var continuation: CheckedContinuation<Outcome, Never>?
        var nextChunk = 1
        var chunks: [Int: JSONValue] = [:]
        /// A result some of whose parts have not come yet.
        var held: (result: ResultEnvelope, since: ContinuousClock.Instant)?
        var isCancelling = false
        var publications = 0
    }

    /// How many parts that came before others are kept.
    private static let mostChunks = 10_000
    /// How long parts may take to come that a result says were sent before it.
    private static let chunkPatience: Duration = .seconds(1)

    let id: String
    let subject: String
    let request: NodeRequest
    private let state: Mutex<State>

    init(_ request: NodeRequest, id: String, subject: String, token: Token) {
        self.id = id
        self.subject = subject
        self.request = request
        state = Mutex(State(token: token))
    }

    var token: Token { state.withLock { $0.token } }
    var sequence: UInt64? { state.withLock { $0.sequence } }
    var isOver: Bool { state.withLock { $0.outcome != nil } }
    var started: (worker: String, acknowledgement: String)? { state.withLock { $0.started } }

    /// Takes note that a broker has the task.
    ///
    /// - Parameter token: What the task on the broker asks for, when that is not the assignment's own.
    func published(_ sequence: UInt64, token: String? = nil) {
        state.withLock { state in
            if !state.isPublished { state.publishedAt = .now }
            state.isPublished = true
            state.sequence = sequence
            state.lookedAt = .now
            if let token { state.token = .known(token) }
        }
    }

    /// Whether it is being looked for who was given the node.
    var isSought: Bool { if case .sought = token { true } else { false } }
    /// What results have to repeat, as far as that is known.
    var knownToken: String? { if case .known(let token) = token { token } else { nil } }

    /// Changes what results have to repeat.
    func expect(_ token: Token) { state.withLock { $0.token = token } }

    /// Counts the times that the task was sent: each has an id of its own.
    func nextPublication() -> Int {
        state.withLock { state in
            state.publications += 1
            return state.publications
        }
    }

    /// Whether it is time to see whether the broker still has the task.
    func isDue(after time: Duration) -> Bool {
        state.withLock { state in
            guard state.isPublished, state.outcome == nil, state.held == nil, !state.isCancelling else { return false }
            return state.lookedAt.duration(to: .now) >= time
        }
    }

    /// Whether it has waited so long for a worker to begin it, as far as workers tell.
    func isWaiting(since time: Duration) -> Bool {
        state.withLock { state in
            state.isPublished && state.outcome == nil && state.started == nil && state.held == nil
                && !state.isCancelling && state.publishedAt.duration(to: .now) >= time
        }
    }

    /// The queue that it is in.
    var queue: QueueName { QueueName(type: request.node.type, placement: request.node.placement) }

    /// Takes note that it was seen to.
    func looked() { state.withLock { $0.lookedAt = .now } }

    /// Whether a token is the one that was given out.
    func accepts(_ token: String) -> Bool {
        switch self.token {
        case .sought: false
        case .unknown: true
        case .known(let known): known == token
        }
    }

    /// Takes note of who does the work.
    func start(by worker: String, acknowledgement: String) {
        state.withLock { state in
            guard state.outcome == nil else { return }
            state.started = (worker, acknowledgement)
            Self.insert(acknowledgement, &state)
        }
    }

    /// Takes note that a worker begins a delivery.
    func begin(_ acknowledgement: String) {
        state.withLock { state in
            if state.outcome == nil { Self.insert(acknowledgement, &state) }
        }
    }

    private static func insert(_ delivery: String, _ state: inout State) {
        guard state.deliveries.count < BegunRecord.most, state.deliveries.insert(delivery).inserted else { return }
        state.deliveriesChangedAt = .now
    }

    /// Takes note that a delivery was given back.
    func returned(_ acknowledgement: String) {
        state.withLock { state in
            if state.deliveries.remove(acknowledgement) != nil { state.deliveriesChangedAt = .now }
            if state.started?.acknowledgement == acknowledgement { state.started = nil }
        }
    }

    /// How many deliveries were begun besides one, and nothing came of them.
    func losses(besides acknowledgement: String) -> Int {
        state.withLock { $0.deliveries.subtracting([acknowledgement]).count }
    }

    /// Takes over what an earlier start has written down.
    func restore(_ record: BegunRecord) {
        state.withLock { state in
            state.deliveries.formUnion(record.deliveries)
            state.recorded = record.deliveries
        }
    }

    /// What is to be written down of the deliveries that were begun; `nil` when nothing is, or not yet.
    func unrecorded(after time: Duration) -> BegunRecord? {
        state.withLock { state in
            guard case .known(let token) = state.token, state.outcome == nil, state.deliveries != state.recorded,
                state.deliveriesChangedAt.duration(to: .now) >= time
            else { return nil }
            return BegunRecord(id: id, token: token, deliveries: state.deliveries)
        }
    }

    /// Takes note that it is written down.
    ///
    /// - Returns: whether it is wanted no more, and to be dropped.
    func recorded(_ record: BegunRecord) -> Bool {
        state.withLock { state in
            state.recorded = record.deliveries
            return state.isRecordDropped
        }
    }

    /// Takes note that what is written down is wanted no more.
    ///
    /// - Returns: whether something is.
    func dropRecord() -> Bool {
        state.withLock { state in
            state.isRecordDropped = true
            return !state.recorded.isEmpty
        }
    }

    /// Takes a part of the result; parts are handed on in their order, each once.
    func take(chunk: JSONValue, number: Int) {
        let ended = state.withLock { state -> (CheckedContinuation<Outcome, Never>, Outcome)? in
            guard state.outcome == nil, number >= state.nextChunk, state.chunks.count < Self.mostChunks else {
                return nil
            }
            state.chunks[number] = chunk
            while let next = state.chunks.removeValue(forKey: state.nextChunk) {
                state.nextChunk += 1
                request.emit(next)
            }
            guard let held = state.held, state.nextChunk > held.result.chunks else { return nil }
            return Self.end(&state, .result(held.result))
        }
        if let ended { ended.0.resume(returning: ended.1) }
    }

    /// Takes the result, and ends the wait for it as soon as all parts before it are there.
    func take(_ result: ResultEnvelope) {
        let ended = state.withLock { state -> (CheckedContinuation<Outcome, Never>, Outcome)? in
            guard state.outcome == nil else { return nil }
            guard state.nextChunk > result.chunks else {
                if state.held == nil { state.held = (result, .now) }
                return nil
            }
            return Self.end(&state, .result(result))
        }
        if let ended { ended.0.resume(returning: ended.1) }
    }

    /// Gives up parts that do not come.
    ///
    /// - Returns: how many were lost.
    func giveUpChunks() -> Int {
        let (lost, ended) = state.withLock { state -> (Int, (CheckedContinuation<Outcome, Never>, Outcome)?) in
            guard let held = state.held, state.outcome == nil,
                held.since.duration(to: .now) > Self.chunkPatience
            else { return (0, nil) }
            let lost = held.result.chunks - state.nextChunk + 1 - state.chunks.count
            for number in state.chunks.keys.sorted() { if let chunk = state.chunks[number] { request.emit(chunk) } }
            return (lost, Self.end(&state, .result(held.result)))
        }
        if let ended { ended.0.resume(returning: ended.1) }
        return lost
    }

    /// Ends the wait without a result.
    func end(_ outcome: Outcome) {
        let ended = state.withLock { Self.end(&$0, outcome) }
        if let ended { ended.0.resume(returning: ended.1) }
    }

    /// Whether the work is to end.
    var isCancelling: Bool { state.withLock { $0.isCancelling } }

    /// Takes note that the work is to end.
    ///
    /// - Returns: false when that was known, or the result is there.
    func beginCancelling() -> Bool {
        state.withLock { state in
            guard state.outcome == nil, !state.isCancelling else { return false }
            state.isCancelling = true
            return true
        }
    }

    private static func end(
        _ state: inout State, _ outcome: Outcome
    ) -> (CheckedContinuation<Outcome, Never>, Outcome)? {
        guard state.outcome == nil else { return nil }
        state.outcome = outcome
        guard let continuation = state.continuation else { return nil }
        state.continuation = nil
        return (continuation, outcome)
    }

    /// Waits for the result.
    func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let outcome = state.withLock { state in
                if state.outcome == nil { state.continuation = continuation }
                return state.outcome
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }
}
