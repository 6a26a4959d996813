import FlowCore
import FlowJSON
import FlowSystem
import Logging
import Synchronization

/// One Python process, from its start to its end.
final class BridgeWorker: Sendable {
    /// What the process says of itself when it is ready.
    struct Hello: Sendable {
        let python: String
        let langchain: String
    }

    /// What happened last in the life of a process.
    enum Change: Sendable {
        case ready(Hello)
        /// It cannot do what it is for; why.
        case refused(String, kind: String)
        /// It is to be replaced, and ends when its calls have.
        case retired(String)
        case ended(String)
    }

    struct State: Sendable {
        var process: LineProcess?
        var isReady = false
        var isRetired = false
        /// Why it was killed, which says more than how it ended.
        var verdict: String?
        var end: String?
        var calls: [Int: BridgeCall] = [:]
        var checks: [Int: CheckedContinuation<String?, Never>] = [:]
        var heard = ContinuousClock.now
    }

    /// How the process is told what it is.
    struct Launch: Sendable {
        let python: String
        let environment: [String: String]
        let settings: JSONObject
        let maxLineBytes: Int
        /// How long the process may say nothing.
        let silence: Duration
        let backend: BackendName
    }

    let launch: Launch
    let native: @Sendable () -> (any Backend)?
    private let clock: any WallClock
    let logger: Logger
    let changed: @Sendable (BridgeWorker, Change) -> Void
    let state = Mutex(State())
    let settled = Mutex<[(waiter: BridgeCall.Waiter, outcome: BridgeCall.Outcome)]>([])

    init(
        _ launch: Launch, native: @escaping @Sendable () -> (any Backend)?, clock: any WallClock, logger: Logger,
        changed: @escaping @Sendable (BridgeWorker, Change) -> Void
    ) {
        self.launch = launch
        self.native = native
        self.clock = clock
        self.logger = logger
        self.changed = changed
    }

    /// Starts the process.
    func start() throws(LineProcess.StartFailure) {
        let process = try LineProcess(
            launch.python, ["-u", "-X", "utf8", "-c", BridgeProgram.loader], environment: launch.environment,
            maxLineBytes: launch.maxLineBytes,
            events: LineProcess.Events(
                line: { [self] in take($0) }, pause: { [self] in release() }, errorLine: { [self] in logError($0) },
                end: { [self] in ended($0) }))
        let isEnded = state.withLock { state in
            state.process = process
            return state.end != nil
        }
        if !isEnded {
            process.write(BridgeMessage.first(modules: BridgeProgram.modules, settings: launch.settings))
        }
    }

    /// The process's id, once there is one.
    var identifier: Int32? { state.withLock { $0.process?.identifier } }
    /// How many chains are under way.
    var load: Int { state.withLock { $0.calls.count } }
    /// Whether it takes chains.
    var isReady: Bool { state.withLock { $0.isReady && !$0.isRetired && $0.end == nil } }

    // MARK: Requests

    /// Begins a chain.
    ///
    /// - Returns: false when the process takes none.
    func begin(_ call: BridgeCall, within timeout: Duration?) -> Bool {
        let line = BridgeMessage.run(call.id, call.plan, call.request, within: timeout)
        let process = state.withLock { state -> LineProcess? in
            guard state.isReady, !state.isRetired, state.end == nil else { return nil }
            state.calls[call.id] = call
            return state.process
        }
        process?.write(line)
        return process != nil
    }

    /// Tells a chain that waits at a choice to go on with a node.
    func choose(_ call: BridgeCall, _ index: Int) { write(BridgeMessage.choose(call.id, index)) }

    /// Tells a chain to end, and waits no longer than this for it.
    func cancel(_ call: BridgeCall, grace: Duration) {
        guard state.withLock({ $0.calls[call.id] != nil }) else { return }
        write(BridgeMessage.cancel(call.id))
        Task {
            try? await clock.sleep(for: grace)
            guard !call.isOver else { return }
            forget(call.id)?.end(.away(BackendError(.cancelled, backend: launch.backend, "the attempt was cancelled")))
            retire("node \"\(call.request.node.id)\" does not end although it was cancelled")
        }
    }

    /// Asks whether the object of a configuration can be made.
    ///
    /// - Returns: why not; `nil` when it can, or when the process cannot be asked.
    func check(_ id: Int, _ config: JSONObject, within time: Duration) async -> String? {
        let limit = Task {
            try await clock.sleep(for: time)
            write(BridgeMessage.cancel(id))
            try await clock.sleep(for: .seconds(1))
            state.withLock { $0.checks.removeValue(forKey: id) }?.resume(returning: "it takes too long to make")
        }
        defer { limit.cancel() }
        return await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state in
                guard state.isReady, state.end == nil else { return false }
                state.checks[id] = continuation
                return true
            }
            guard isTaken else { return continuation.resume(returning: nil) }
            write(BridgeMessage.check(id, config))
        }
    }

    // MARK: The end

    /// Has the process take nothing more, and end when it has nothing left to do.
    func retire(_ reason: String) {
        let isNews = state.withLock { state in
            guard !state.isRetired, state.end == nil else { return false }
            state.isRetired = true
            return true
        }
        guard isNews else { return }
        logger.warning("a Python process is replaced", metadata: metadata(["reason": "\(reason)"]))
        changed(self, .retired(reason))
        Task {
            let deadline = ContinuousClock.now + .seconds(30)
            while load > 0, ContinuousClock.now < deadline { try? await clock.sleep(for: .milliseconds(100)) }
            kill(reason)
        }
    }

    /// Ends the process without asking it.
    func kill(_ reason: String) {
        let process = state.withLock { state -> LineProcess? in
            if state.verdict == nil { state.verdict = reason }
            return state.process
        }
        process?.kill()
    }

    /// Asks the process to end.
    func stop() { write(BridgeMessage.stop) }

    /// Whether the process is gone.
    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// Kills the process when nothing has been heard of it for too long.
    func checkPulse() {
        let silence = state.withLock { ContinuousClock.now - $0.heard }
        if silence > launch.silence { kill("nothing was heard of it for \(DurationText.text(launch.silence))") }
    }

    private func ended(_ how: String) {
        let (calls, checks, reason) = state.withLock { state in
            let reason = state.verdict ?? how
            state.end = reason
            defer {
                state.calls = [:]
                state.checks = [:]
            }
            return (state.calls, state.checks, reason)
        }
        release()
        for call in calls.values { call.end(.away(gone(reason))) }
        for check in checks.values { check.resume(returning: nil) }
        changed(self, .ended(reason))
    }

    func gone(_ reason: String) -> BackendError {
        BackendError(.unavailable, backend: launch.backend, "the Python process is gone: \(reason)")
    }

    @discardableResult
    func forget(_ id: Int) -> BridgeCall? { state.withLock { $0.calls.removeValue(forKey: id) } }

    func write(_ line: [UInt8]) { state.withLock { $0.process }?.write(line) }

    func metadata(_ more: Logger.Metadata) -> Logger.Metadata {
        var metadata = more
        metadata["backend"] = "\(launch.backend)"
        if let identifier { metadata["pid"] = "\(identifier)" }
        return metadata
    }
}
