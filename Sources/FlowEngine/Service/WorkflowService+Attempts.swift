public import FlowCore
import FlowJSON

extension WorkflowService {
    /// Begins one attempt at a node of a run that somebody else plans; with a key that is known, joins that attempt.
    ///
    /// The attempt is over at its deadline, or when nobody follows it any more, also when the node does not notice.
    ///
    /// - Parameters:
    ///   - request: The node as its backend gets it. Who follows gets its parts, whatever `emit` is.
    ///   - key: The key of the attempt, and what tells apart requests that came with it.
    /// - Throws: ``ServiceError`` when nothing was begun.
    public func begin(
        _ request: NodeRequest, key: SubmitRequest.Idempotency?, on name: BackendName
    ) throws(ServiceError) -> AttemptFollower {
        guard ControlType(rawValue: request.node.type) == nil else {
            throw .invalid([
                ValidationIssue(
                    ["node", "type"],
                    "nodes of type \"\(request.node.type)\" are carried out by the server that plans the run")
            ])
        }
        let place = key.map { NodeAttempts.Key(backend: name, text: $0.key) }
        let (attempt, isNew) = try attempts.join(place, fingerprint: key?.fingerprint, now: engine.clock.now) {
            NodeAttempt(fingerprint: key?.fingerprint, limits: limits, secrets: engine.secrets)
        }
        if isNew { start(attempt, place, request, on: name) }
        return AttemptFollower(attempt, isReplay: !isNew) { [attempts] in
            if attempts.leave(attempt, place) {
                attempt.end(.failure(.unavailable("the attempt was cancelled, since nobody waited for it")))
            }
        }
    }

    private func start(
        _ attempt: NodeAttempt, _ key: NodeAttempts.Key?, _ request: NodeRequest, on name: BackendName
    ) {
        var request = request
        request.emit = { [weak attempt] in attempt?.emit($0) }
        let timeout = request.deadline.map { deadline in
            engine.deadlines.schedule(at: deadline) { [weak attempt] in
                attempt?.end(
                    .success(.failure(NodeFailure(.timeout, "the attempt's deadline passed", retriable: true))))
            }
        }
        // Unstructured, since several may follow an attempt and it outlives each of them; the attempt owns the task and
        // cancels it when it ends.
        let task = Task(executorPreference: engine.executor) { [self, request] in
            attempt.end(await execute(request, on: name))
            if let timeout { engine.deadlines.cancel(timeout) }
            attempts.ended(attempt, key, at: engine.clock.now)
        }
        attempt.take(task)
    }

    private func execute(_ request: NodeRequest, on name: BackendName) async -> AttemptOutcome {
        var users: [RegisteredBackend] = []
        defer { for user in users { user.release() } }
        guard registry.acquire(name, into: &users), let backend = users.first?.backend else {
            return .failure(.unavailable("the backend \"\(name)\" is being removed"))
        }
        do throws(BackendError) {
            // Whoever asked may have left before this task had a turn: nothing is to happen.
            if Task.isCancelled { throw BackendError(.cancelled, backend: name, "cancelled") }
            return .success(try await backend.executeNode(request))
        } catch {
            return .failure(ServiceError(error))
        }
    }
}

extension ServiceError {
    /// A backend that did not carry a node out, as whoever asked for that is told it.
    init(_ error: BackendError) {
        switch error.code {
        case .unsupported: self = .invalid([ValidationIssue(["node", "type"], error.message)])
        case .overloaded: self = .overloaded(error.description, retryAfter: .seconds(1))
        case .unavailable, .cancelled: self = .unavailable(error.description)
        }
    }
}
