public import FlowCore
public import FlowJSON
import Synchronization

/// Has nodes executed by an HTTP service, in any language, which may be another server of this kind.
public final class RemoteBackend: Backend {
    /// How long questions other than the execution of nodes may take.
    private static let questionTime: Duration = .seconds(10)

    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "remote"
    let service: RemoteService
    private let clock: any WallClock
    private let timeout: Duration?
    private let maxParallel: Int?
    private let slots: CallSlots?
    private let state = Mutex(State())
    private let cache = ValidationCache()
    private let checks = HealthChecks()

    private struct State: Sendable {
        var known = RemoteDescription()
        /// Whether that is what the service said when it was asked last.
        var isDescribed = false
    }

    private var known: RemoteDescription { state.withLock { $0.known } }

    init(name: BackendName, _ configuration: RemoteConfiguration, service: RemoteService, clock: any WallClock) {
        self.name = name
        self.service = service
        self.clock = clock
        timeout = configuration.timeout
        maxParallel = configuration.maxParallel
        slots = configuration.maxParallel.map { CallSlots($0) }
    }

    /// What the service says that it can do.
    public var capabilities: BackendCapabilities { known.capabilities }
    /// What the service promises, within what the registration allows.
    public var contract: BackendContract {
        var contract = known.contract
        if let maxParallel { contract.maxParallel = min(contract.maxParallel, maxParallel) }
        return contract
    }
    /// The version that the service tells.
    public var version: String? { known.version }
    /// The types that the service takes.
    public var nodeTypes: [NodeTypeDescription] { known.nodeTypes }

    /// Asks the service what it is and can do.
    func describe(within time: Duration? = nil) async throws(RemoteFault) {
        let time = time ?? Self.questionTime
        let descriptor = try await service.object("", within: time, on: clock)
        let capabilities = try await service.object("/capabilities", within: time, on: clock)
        let found: RemoteDescription
        do { found = try RemoteDescription(descriptor: descriptor, capabilities: capabilities) } catch {
            // It is not known any more what the service can do: nodes wait until it says so.
            state.withLock { $0.isDescribed = false }
            let isOfFlags = error.issues.contains { $0.pointer.description.hasPrefix("/capabilities") }
            throw .invalid(
                error.issues.prefix(20).map(\.description).joined(separator: "; "),
                as: isOfFlags ? .invalidCapabilities : .invalidDescription)
        }
        let isOther = state.withLock { state in
            defer { state = State(known: found, isDescribed: true) }
            return state.known != found
        }
        if isOther { cache.clear() }
    }

    /// Asks the service what it can do unless that is known, as after a start without it.
    private func ensureDescription(within time: Duration) async throws(RemoteFault) {
        guard !state.withLock({ $0.isDescribed }) else { return }
        do throws(RemoteFault) { try await describe(within: min(time, Self.questionTime)) } catch {
            guard case .failed(let failure) = error else { throw error }
            // Nothing was executed, and the service may be mended.
            throw .away(RemoteFault.Want(message: failure.message, failure: failure.code))
        }
    }

    /// Asks the service about the node, unless it has said the same of one not long ago.
    public func validate(_ node: Node) async -> [ValidationIssue] {
        let key = ValidationCache.Key(type: node.type, config: node.config)
        if let issues = cache.issues(key, now: clock.now) { return issues }
        let body: JSONValue = [
            "node": [
                "node_id": .string(node.id.rawValue), "type": .string(node.type), "config": .object(node.config),
            ]
        ]
        do throws(RemoteFault) {
            let issues = try await service.send(
                "POST", "/nodes/validate", fields: [("Accept", "application/json")], body: JSONWriter.bytes(of: body),
                within: Self.questionTime, on: clock
            ) { [secrets = service.secrets] head, body in
                try Self.issues(secrets.redacted(try RemoteService.json(head, await body.all())))
            }
            cache.keep(issues, for: key, now: clock.now)
            return issues
        } catch {
            return [
                ValidationIssue([], "the backend \"\(name)\" cannot check the node: \(error.message)", code: .unhealthy)
            ]
        }
    }

    private static func issues(_ answer: JSONValue) throws(RemoteFault) -> [ValidationIssue] {
        guard let isValid = answer["valid"]?.bool else { throw .invalid("it has no boolean \"valid\"") }
        var issues: [ValidationIssue] = []
        for element in answer["errors"]?.array ?? [] {
            guard let detail = element["detail"]?.string else { throw .invalid("an error in it has no detail") }
            guard let pointer = JSONPointer(parsing: element["pointer"]?.string ?? "") else {
                throw .invalid("the pointer of an error in it is none")
            }
            issues.append(ValidationIssue(pointer, detail))
        }
        if isValid { return [] }
        return issues.isEmpty ? [ValidationIssue([], "the remote backend does not take the node")] : issues
    }

    /// Has the service execute one attempt at a node. When the task is cancelled the connection is closed, which tells the
    /// service to stop.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        if let slots {
            guard await slots.take() else { throw BackendError(.cancelled, backend: name, "the attempt was cancelled") }
        }
        defer { slots?.release() }
        let time = min(request.timeLeft, timeout ?? OutboundHTTP.longestCall)
        guard time > .zero else {
            return .failure(NodeFailure(.timeout, "the attempt's time had passed before its turn", retriable: true))
        }
        do throws(RemoteFault) {
            try await ensureDescription(within: time)
            return try await execute(request, within: time)
        } catch {
            switch error {
            case .away(let want): throw BackendError(want, of: name)
            case .cancelled: throw BackendError(.cancelled, backend: name, "the attempt was cancelled")
            case .failed(let failure): return .failure(failure)
            }
        }
    }

    private func execute(_ request: NodeRequest, within time: Duration) async throws(RemoteFault) -> NodeResult {
        let streams = capabilities.has(BackendCapabilities.streaming)
        let accept = streams ? "text/event-stream, application/json;q=0.9" : "application/json"
        let fields = request.addingAttempt(
            to: [("Accept", accept), ("Flow-Timeout", String(time.wholeMilliseconds))], hasEffects: true)
        let emit = request.emit
        return try await service.send(
            "POST", RemoteService.executePath, fields: fields, body: JSONWriter.bytes(of: request.json), within: time,
            on: request.clock
        ) { [key = request.idempotencyKey] head, body in
            // On a connection that is used again, what came late for another attempt reads as the answer to this one. Only
            // a service that names the attempt can tell the two apart.
            if let answered = head["idempotency-key"], answered != key {
                throw RemoteFault.away(RemoteFault.Want(message: "the answer that came is that of another attempt"))
            }
            return try await RemoteResult.read(head, body, emit: emit)
        }
    }

    /// Asks the service how it is, and anew what it is and can do, unless that was done not too long ago for whoever asks.
    public func health() async -> BackendHealth {
        let age = HealthAge.acceptable
        guard age > .zero else { return await ask() }
        return await checks.health(noOlderThan: age, on: clock) { [self] in await ask() }
    }

    private func ask() async -> BackendHealth {
        let health: BackendHealth
        do throws(RemoteFault) {
            let report = try await service.object("/health", within: Self.questionTime, on: clock)
            if report["healthy"]?.bool ?? true {
                try await describe()
                health = .healthy
            } else {
                health = .unhealthy(
                    reason: report["reason"]?.string ?? "the remote backend says that it is not healthy")
            }
        } catch {
            health = .unhealthy(reason: error.message)
        }
        checks.learn(health, at: clock.now)
        return health
    }

    /// When the service was asked last how it is.
    public func healthDetails() async -> JSONObject {
        checks.last.map { ["checked_at": .string($0.time.description)] } ?? [:]
    }
}
