import Dispatch
import Synchronization

/// A connection to a broker, or to a cluster of them, that is made anew for as long as it is wanted.
///
/// All of it is asynchronous: publishing puts a message into a list, and what comes is handed to functions on threads of
/// the library's or of the connection's own, which have to be quick. JetStream is spoken over it as what it is, requests
/// and messages, so that no call has to block a thread.
package final class NATSConnection: Sendable {
    /// What is told of a connection.
    package enum Event: Sendable {
        /// There is a connection.
        case connected
        /// There is none any more.
        case disconnected
        /// Something went wrong that no call could tell.
        case failed(String)
    }

    /// Gets messages.
    package typealias Handler = @Sendable (NATSMessage) -> Void
    /// Gets the answer to a request.
    package typealias Completion = @Sendable (Result<NATSMessage, NATSError>) -> Void

    private struct Pending: Sendable {
        let completion: Completion
        let deadline: ContinuousClock.Instant
        var isCommon = false
    }

    private struct State: Sendable {
        var native: NativeConnection?
        var isConnected = false
        var isClosed = false
        var topics: [NativeConnection.Topic] = []
        var pending: [UInt64: Pending] = [:]
        var next: UInt64 = 0
        var ticks: [@Sendable () -> Void] = []
        var reminded: @Sendable () -> Void = {}
        var lastError: String?
        var timer: Timer?
    }

    /// How often deadlines are looked at.
    private static let tick: Duration = .milliseconds(100)
    /// How long it takes until a connection is made anew that the library has given up on.
    private static let renewal: DispatchTimeInterval = .seconds(1)

    /// The subject below which answers come.
    package let inbox: String
    private let options: NATSOptions
    private let state = Mutex(State())
    private let onEvent: @Sendable (Event) -> Void

    /// Makes a connection that is not started yet.
    ///
    /// - Parameter onEvent: Called on threads of the library's.
    package init(_ options: NATSOptions, onEvent: @escaping @Sendable (Event) -> Void) {
        self.options = options
        self.onEvent = onEvent
        var generator = SystemRandomNumberGenerator()
        inbox = "_INBOX." + String(generator.next(), radix: 36) + String(generator.next(), radix: 36)
    }

    /// Begins to connect.
    package func start() {
        listen(inbox + ".r.*") { [weak self] in self?.take($0) }
        listen(inbox + ".c.*", onNobody: { [weak self] in self?.failCommon() }) { [weak self] in self?.take($0) }
        let timer = Timer(every: Self.tick) { [weak self] in self?.look() }
        state.withLock { $0.timer = timer }
        connect()
    }

    /// Whether there is a connection.
    package var isConnected: Bool { state.withLock { $0.isConnected } }
    /// What went wrong last.
    package var lastError: String? { state.withLock { $0.lastError } }
    /// Where it is connected to.
    package var url: String? { state.withLock { $0.isConnected ? $0.native : nil }?.url }

    private func connect() {
        let failure = state.withLock { state -> NATSError? in
            guard !state.isClosed else { return nil }
            do throws(NATSError) {
                state.native = try NativeConnection(options, listener: self, topics: state.topics)
                return nil
            } catch {
                return error
            }
        }
        guard let failure else { return }
        failed(failure.description)
        closed()
    }

    /// Hands messages on a subject to a function, from now on and on every connection that is made.
    ///
    /// - Parameters:
    ///   - onNobody: Makes it one of the subjects on which most comes: the function is called on the connection's own thread
    ///     then, which must not be kept. This one is called when something was asked with an answer to the subject and nobody
    ///     is there to take it; what it was is not known.
    ///   - receive: Gets the messages.
    package func listen(
        _ subject: String, onNobody: (@Sendable () -> Void)? = nil, _ receive: @escaping Handler
    ) {
        let topic = NativeConnection.Topic(subject: subject, receive: receive, onNobody: onNobody)
        let native = state.withLock { state in
            state.topics.append(topic)
            return state.native
        }
        // One that is not open yet is told of all subscriptions when it is.
        do throws(NATSError) { try native?.subscribe(topic) } catch {
            if error != .disconnected { failed(error.description) }
        }
    }

    /// Has no more messages on a subject come, which tells the broker that nothing is to be sent there.
    package func ignore(_ subject: String) {
        let native = state.withLock { state in
            state.topics.removeAll { $0.subject == subject }
            return state.native
        }
        native?.unsubscribe(subject)
    }

    /// Has a function called about ten times a second, on a thread that must not be kept.
    package func onTick(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.ticks.append(body) } }

    /// Has a function called on the connection's thread when ``remind(after:)`` has asked for it.
    package func onReminder(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.reminded = body } }

    /// Has the function of ``onReminder(_:)`` called once in a while, which costs less than a task that sleeps. A connection
    /// that is lost meanwhile may forget it.
    package func remind(after time: Duration) {
        state.withLock { $0.native }?.remind(at: .now.advanced(by: time))
    }

    /// Sends a message. Nothing tells whether it arrived.
    ///
    /// - Parameters:
    ///   - isPatient: Whether it may wait a tenth of a second for another message to go along with.
    ///   - onFailure: Called when it cannot even be sent, which is found later.
    /// - Throws: ``NATSError/disconnected`` when there is no connection.
    package func publish(
        _ subject: String, reply: String? = nil, headers: [(String, String)] = [], _ payload: [UInt8] = [],
        isPatient: Bool = false, onFailure: @escaping @Sendable (NATSError) -> Void = { _ in }
    ) throws(NATSError) {
        let native = state.withLock { $0.isConnected ? $0.native : nil }
        guard let native else { throw .disconnected }
        try native.publish(
            Outgoing(subject: subject, reply: reply, headers: headers, payload: payload, onFailure: onFailure),
            isPatient: isPatient)
    }

    /// Sends a request, whose answer or failure is handed to a function.
    ///
    /// - Parameter isCommon: Whether it is one of very many, whose answers come on the connection's own thread. When nobody
    ///   takes one of them, all that are under way fail with ``NATSError/noResponders``.
    package func request(
        _ subject: String, headers: [(String, String)] = [], _ payload: [UInt8] = [], within time: Duration,
        isCommon: Bool = false, completion: @escaping Completion
    ) {
        let pending = Pending(completion: completion, deadline: .now.advanced(by: time), isCommon: isCommon)
        let (native, number) = state.withLock { state -> (NativeConnection?, UInt64) in
            state.next += 1
            guard state.isConnected else { return (nil, 0) }
            state.pending[state.next] = pending
            return (state.native, state.next)
        }
        guard let native else { return completion(.failure(.disconnected)) }
        let message = Outgoing(
            subject: subject, reply: "\(inbox).\(isCommon ? "c" : "r").\(number)", headers: headers, payload: payload,
            onFailure: { [weak self] in self?.fail(number, $0) })
        do throws(NATSError) { try native.publish(message) } catch { fail(number, error) }
    }

    /// Ends a request that was not sent, unless the connection was lost at the same moment, which has ended it.
    private func fail(_ number: UInt64, _ error: NATSError) {
        state.withLock { $0.pending.removeValue(forKey: number) }?.completion(.failure(error))
    }

    /// Sends a request and waits for the answer.
    package func request(
        _ subject: String, headers: [(String, String)] = [], _ payload: [UInt8] = [],
        within time: Duration = .seconds(5)
    ) async throws(NATSError) -> NATSMessage {
        try await withCheckedContinuation { continuation in
            request(subject, headers: headers, payload, within: time) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Waits until all that was published has reached the broker.
    ///
    /// - Returns: whether it has.
    @discardableResult
    package func flush(within time: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let pending = Pending(
                completion: { continuation.resume(returning: (try? $0.get()) != nil) },
                deadline: .now.advanced(by: time))
            let number = state.withLock { state -> UInt64? in
                guard state.isConnected else { return nil }
                state.next += 1
                state.pending[state.next] = pending
                return state.next
            }
            guard let number else { return continuation.resume(returning: false) }
            // It comes back to where answers come, behind everything that was published before.
            let onFailure: @Sendable (NATSError) -> Void = { [weak self] in self?.fail(number, $0) }
            do throws(NATSError) { try publish("\(inbox).r.\(number)", onFailure: onFailure) } catch {
                fail(number, error)
            }
        }
    }

    private func take(_ message: NATSMessage) {
        guard let number = message.number,
            let pending = state.withLock({ $0.pending.removeValue(forKey: number) })
        else { return }
        pending.completion(message.status == 503 ? .failure(.noResponders) : .success(message))
    }

    private func failCommon() {
        let failed = state.withLock { state in
            let failed = state.pending.filter { $0.value.isCommon }
            for number in failed.keys { state.pending[number] = nil }
            return failed
        }
        for pending in failed.values { pending.completion(.failure(.noResponders)) }
    }

    private func look() {
        let now = ContinuousClock.now
        let (late, ticks, native) = state.withLock { state in
            var late: [Pending] = []
            for (number, pending) in state.pending where pending.deadline <= now {
                state.pending[number] = nil
                late.append(pending)
            }
            return (late, state.ticks, state.native)
        }
        for pending in late { pending.completion(.failure(.timedOut)) }
        for tick in ticks { tick() }
        native?.hurry()
    }

    /// Ends the connection.
    package func close() {
        let (native, pending, timer) = state.withLock { state in
            defer {
                state.native = nil
                state.isConnected = false
                state.isClosed = true
                state.pending = [:]
                state.ticks = []
                state.reminded = {}
                state.timer = nil
            }
            return (state.native, state.pending, state.timer)
        }
        timer?.stop()
        native?.close()
        for request in pending.values { request.completion(.failure(.disconnected)) }
    }
}

extension NATSConnection: NativeConnection.Listener {
    func connected() {
        state.withLock { state in
            state.isConnected = !state.isClosed
            state.lastError = nil
        }
        onEvent(.connected)
    }

    func disconnected() {
        let pending = state.withLock { state in
            state.isConnected = false
            defer { state.pending = [:] }
            return state.pending
        }
        for request in pending.values { request.completion(.failure(.disconnected)) }
        onEvent(.disconnected)
    }

    func closed() {
        let native = state.withLock { state in
            defer { state.native = nil }
            state.isConnected = false
            return state.native
        }
        native?.close()
        guard !state.withLock({ $0.isClosed }) else { return }
        onEvent(.disconnected)
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.renewal) { [weak self] in self?.connect() }
    }

    func reminded() { state.withLock { $0.reminded }() }

    func failed(_ text: String) {
        let isNews = state.withLock { state in
            defer { state.lastError = text }
            return state.lastError != text
        }
        // What is tried every second fails every second.
        if isNews { onEvent(.failed(text)) }
    }
}
