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

    private struct State: Sendable {
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

    private let launch: Launch
    private let native: @Sendable () -> (any Backend)?
    private let clock: any WallClock
    private let logger: Logger
    private let changed: @Sendable (BridgeWorker, Change) -> Void
    private let state = Mutex(State())
    private let settled = Mutex<[(waiter: BridgeCall.Waiter, outcome: BridgeCall.Outcome)]>([])

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

    private func gone(_ reason: String) -> BackendError {
        BackendError(.unavailable, backend: launch.backend, "the Python process is gone: \(reason)")
    }

    // MARK: What the process says

    private func take(_ line: [UInt8]) {
        let message: JSONValue
        do { message = try JSONParser.parse(line) } catch { return refuse(line, error) }
        state.withLock { $0.heard = .now }
        guard let kind = message["t"]?.string else { return }
        guard let id = message["id"]?.integer.flatMap({ Int(exactly: $0) }) else { return takeOwn(kind, message) }
        if kind == "checked" {
            state.withLock { $0.checks.removeValue(forKey: id) }?.resume(returning: message["error"]?.string)
            return
        }
        guard let call = state.withLock({ $0.calls[id] }) else { return }
        let step = message["step"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        switch kind {
        case "chunk": call.chunk(step, message["value"] ?? .null)
        case "step": settle(call, step, .result(.success(output: message["output"] ?? .null)))
        case "native_step":
            settle(call, step, call.native(step) ?? .result(.success(output: .null)))
        case "over": forget(id)?.end(.notRun)
        case "native":
            guard let number = message["call"]?.integer else { return }
            guard let native = native() else { return write(BridgeMessage.native(number, nil)) }
            call.carryOut(step, input: message["input"], on: native) { [self] output in
                write(BridgeMessage.native(number, output))
            }
        case "ended":
            forget(id)?.end(
                call.native(step)
                    ?? .away(BackendError(.unavailable, backend: launch.backend, "there is no backend for the node")))
        case "failed":
            let failure = message["error"].flatMap { NodeFailure(decoding: $0) }
            let outcome = failure ?? NodeFailure(.failed, "the node failed, and nothing tells why")
            settle(call, step, .result(.failure(outcome)))
            // Branches beside the node go on.
            if message["goes_on"] == nil { forget(id)?.end(.notRun) }
        case "cancelled":
            forget(id)?.end(.away(BackendError(.cancelled, backend: launch.backend, "the attempt was cancelled")))
        case "hung":
            let seconds = message["seconds"]?.double ?? 0
            let hung = NodeFailure(
                .timeout, "the node's code kept its process from doing anything else for \(seconds) s",
                retriable: true, details: ["traceback": message["stack"] ?? .null])
            settle(call, step, .result(.failure(hung)))
            let node = call.nodes.indices.contains(step) ? call.nodes[step].id : call.request.node.id
            let reason = "node \"\(node)\" kept it from doing anything else for \(seconds) s"
            forget(id)?.end(.away(gone(reason)))
            kill(reason)
        case "log": log(call, step, message)
        default: return
        }
    }

    private func settle(_ call: BridgeCall, _ index: Int, _ outcome: BridgeCall.Outcome) {
        guard let (waiter, isOver) = call.settle(index, outcome) else { return }
        if isOver { forget(call.id) }
        if let waiter { settled.withLock { $0.append((waiter, outcome)) } }
    }

    /// Lets those go on who wait for what the process said last. They find the results known that came along with theirs.
    private func release() {
        let waiters = settled.withLock { settled in
            defer { settled = [] }
            return settled
        }
        for (waiter, outcome) in waiters { waiter.resume(returning: outcome) }
    }

    /// Takes in what the process says of itself.
    private func takeOwn(_ kind: String, _ message: JSONValue) {
        switch kind {
        case "hello":
            state.withLock { $0.isReady = true }
            let hello = Hello(
                python: message["python"]?.string ?? "", langchain: message["langchain_core"]?.string ?? "")
            changed(self, .ready(hello))
        case "refused":
            changed(
                self, .refused(message["reason"]?.string ?? "no reason is told", kind: message["kind"]?.string ?? ""))
        case "beat":
            if let stuck = message["stuck"]?.integer, stuck > 0 {
                retire("code of \(stuck) nodes that have ended still runs in it")
            }
        case "hung": kill("something kept it from doing anything else: \(message["stack"]?.string?.suffix(500) ?? "")")
        default: return
        }
    }

    /// Has the node fail whose message cannot be read.
    private func refuse(_ line: [UInt8], _ error: JSONSyntaxError) {
        // Every message of a chain begins with its id.
        let digits = line.prefix(24).drop { !(0x30...0x39).contains($0) }.prefix { (0x30...0x39).contains($0) }
        guard line.starts(with: Array(#"{"id":"#.utf8)), let id = Int(String(decoding: digits, as: UTF8.self)),
            let call = forget(id)
        else { return kill("it wrote what is no message: \(error.reason)") }
        write(BridgeMessage.cancel(id))
        call.end(
            .result(
                .failure(
                    NodeFailure(
                        .invalidOutput, "what the node gave cannot be taken: \(error.reason) at byte \(error.offset)")))
        )
    }

    @discardableResult
    private func forget(_ id: Int) -> BridgeCall? { state.withLock { $0.calls.removeValue(forKey: id) } }

    private func write(_ line: [UInt8]) { state.withLock { $0.process }?.write(line) }

    // MARK: The log

    private func log(_ call: BridgeCall, _ step: Int, _ message: JSONValue) {
        let node = call.nodes.indices.contains(step) ? call.nodes[step].id : call.request.node.id
        logger.info(
            "a node printed: \(message["line"]?.string ?? "")",
            metadata: metadata([
                "workflow_id": "\(call.request.run.id)", "node_id": "\(node)", "attempt": "\(call.request.attempt)",
                "stream": "\(message["stream"]?.string ?? "")",
            ]))
    }

    /// Logs what came past Python, with the runs that it can be of.
    private func logError(_ line: [UInt8]) {
        let runs = state.withLock { state in Set(state.calls.values.map { $0.request.run.id.rawValue }) }
        var more: Logger.Metadata = ["stream": "stderr"]
        if !runs.isEmpty { more["workflow_ids"] = .array(runs.sorted().prefix(10).map { "\($0)" }) }
        logger.info(
            "a Python process printed: \(String(decoding: line.prefix(4096), as: UTF8.self))", metadata: metadata(more))
    }

    private func metadata(_ more: Logger.Metadata) -> Logger.Metadata {
        var metadata = more
        metadata["backend"] = "\(launch.backend)"
        if let identifier { metadata["pid"] = "\(identifier)" }
        return metadata
    }
}
