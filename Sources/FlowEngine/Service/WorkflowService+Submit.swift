import FlowCore
import FlowJSON
import Logging

extension WorkflowService {
    /// Accepts a workflow and begins to run it. When this returns, the run is as durable as it asked to be.
    ///
    /// - Throws: ``ServiceError`` when it is not accepted; then nothing has changed.
    public nonisolated(nonsending) func submit(_ request: SubmitRequest) async throws(ServiceError) -> SubmittedRun {
        let now = engine.clock.now
        let id = request.workflowID ?? makeID(now)
        guard let key = request.idempotency else {
            return SubmittedRun(snapshot: try await accept(request, id: id, at: now), isReplay: false)
        }
        if let earlier = try store.reserve(key.key, fingerprint: key.fingerprint, for: id) {
            guard let snapshot = snapshot(of: earlier) else { throw .idempotencyInFlight }
            return SubmittedRun(snapshot: snapshot, isReplay: true)
        }
        let outcome: Result<SubmittedRun, ServiceError>
        do throws(ServiceError) {
            if let earlier = try await replay(key) {
                outcome = .success(earlier)
            } else {
                outcome = .success(SubmittedRun(snapshot: try await accept(request, id: id, at: now), isReplay: false))
            }
        } catch {
            // An earlier request with the key, given up by its client, may have been on its way to the journal.
            if case .conflict = error, let earlier = try? await replay(key) {
                outcome = .success(earlier)
            } else {
                outcome = .failure(error)
            }
        }
        // A run without durability is known to no journal: its key lives as long as the run.
        if request.durability != Durability.none || (try? outcome.get()) == nil { store.release(key.key) }
        return try outcome.get()
    }

    /// The run that an earlier request with the key started.
    private nonisolated(nonsending) func replay(_ key: SubmitRequest.Idempotency) async throws(ServiceError)
        -> SubmittedRun?
    {
        let record: IdempotencyRecord?
        do { record = try await engine.journal.idempotencyRecord(key.key) } catch { throw ServiceError(error) }
        guard let record else { return nil }
        guard record.fingerprint == key.fingerprint else { throw .idempotencyMismatch }
        return SubmittedRun(snapshot: try await load(record.workflowID), isReplay: true)
    }

    private nonisolated(nonsending) func accept(_ wish: SubmitRequest, id: WorkflowID, at now: Timestamp)
        async throws(ServiceError)
        -> RunSnapshot
    {
        guard wish.definition != nil else { return try await acceptResolved(wish, id: id, at: now) }
        let request: SubmitRequest
        do throws(ServiceError) {
            request = try await resolve(wish)
        } catch .invalid(let issues) {
            throw .invalid(issues + hookIssues(wish))
        } catch {
            throw error
        }
        return try await acceptResolved(request, id: id, at: now)
    }

    /// Accepts a request that has its workflow.
    private nonisolated(nonsending) func acceptResolved(
        _ request: SubmitRequest, id: WorkflowID, at now: Timestamp
    ) async throws(ServiceError) -> RunSnapshot {
        let hookIssues = hookIssues(request)
        let choice: ChosenBackend
        do throws(ServiceError) {
            choice = try await choose(request)
        } catch .invalid(let issues) {
            throw .invalid(issues + hookIssues)
        } catch {
            throw error
        }
        guard hookIssues.isEmpty else { throw .invalid(hookIssues) }
        let name = choice.backend
        if request.durability == Durability.none, request.workflowID != nil {
            // The journal itself refuses a second durable run of an id; of this one it will never know.
            let status: WorkflowStatus?
            do { status = try await engine.journal.status(of: id) } catch { throw ServiceError(error) }
            guard status == nil else { throw .conflict("there is a run \"\(id)\" already") }
        }
        var users: [RegisteredBackend] = []
        var missing = registry.acquire(name, into: &users) ? nil : name
        for other in request.workflow.otherBackends(than: name) where missing == nil {
            if !registry.acquire(other, into: &users) { missing = other }
        }
        if let missing {
            for user in users { user.release() }
            throw .unavailable("the backend \"\(missing)\" is being removed")
        }
        let backend = users[0].backend
        let run: LiveRun
        do throws(ServiceError) {
            run = try store.admit(
                id, durability: request.durability ?? .full, key: request.idempotency?.key,
                isChild: request.parent != nil)
        } catch {
            for user in users { user.release() }
            throw error
        }
        var workflow = request.workflow
        if workflow.timeout == nil { workflow.timeout = limits.runTimeout }
        let submission = Submission(
            workflow: workflow, input: request.input ?? .object(JSONObject()), backend: name,
            variables: workflow.variables.merging(request.variables), labels: request.labels,
            durability: run.durability, traceparent: request.traceparent,
            definition: request.definition?.id ?? request.stored, origin: request.origin, parent: request.parent,
            onCompletion: request.onCompletion, requires: request.requires, backendChoice: choice.explanation)
        let constants = RunConstants(
            id: id, graph: WorkflowGraph(workflow), submission: submission, submittedAt: now)
        let idempotency = request.idempotency.map {
            IdempotencyRecord(key: $0.key, fingerprint: $0.fingerprint, workflowID: id, createdAt: now)
        }
        let session = RunSession(
            live: run, engine: engine, run: constants, start: .new(idempotency), executor: request.executor)
        execute(session, run, on: backend, users: users)
        // Without a journal, and without anything to wait for, it has ended by now.
        if let snapshot = run.snapshot { return snapshot }
        await run.wait(for: 1, until: nil, deadlines: engine.deadlines)
        if let snapshot = run.snapshot { return snapshot }
        if let failure = run.failure { throw ServiceError(failure) }
        throw .unavailable("the request was given up before the run was accepted")
    }

    /// Runs a workflow in a task of its own, which begins at once on the caller's thread.
    func execute(
        _ session: RunSession, _ run: LiveRun, on backend: any Backend, users: [RegisteredBackend]
    ) {
        if users.first?.isPlannedByService == true, session.driveAtOnce(on: backend) {
            return conclude(run, users)
        }
        // Unstructured, since a run outlives the request that submitted it; the store knows it as live until it ends.
        Task.immediate(executorPreference: session.executor) { [self] in
            var isLeft = false
            var backend = backend
            var users = users
            do throws(BackendError) {
                try await backend.executeWorkflow(session)
                while let next = try session.successor(of: backend, registry, &users) {
                    backend = next
                    try await backend.executeWorkflow(session)
                }
            } catch {
                isLeft = true
                logger.notice(
                    "run left unfinished", metadata: ["workflow_id": "\(session.id)", "reason": "\(error)"])
            }
            // Whoever submitted the run must not be told that there is none while the journal may still take it.
            if run.isUndecided { await run.wait(for: 1, until: nil, deadlines: engine.deadlines) }
            conclude(run, users)
            // A run that was accepted goes on, if not now then later; one whose first event failed was not accepted.
            if isLeft, run.failure != nil, run.position > 0 { scheduleRescue() }
        }
    }

    /// Lets go of a run that nobody drives any more.
    private func conclude(_ run: LiveRun, _ users: [RegisteredBackend]) {
        for user in users { user.release() }
        guard let snapshot = store.retire(run) else { return }
        metrics.ended(snapshot.context)
        if snapshot.context.submission.onCompletion != nil {
            hooks?.ended(snapshot.context, sequence: run.sequence)
        }
    }
}

extension Workflow {
    /// The backends that its nodes name beside the run's own, each once.
    func otherBackends(than name: BackendName) -> Set<BackendName> {
        if nodes.indices.allSatisfy({ nodes[$0].backend == nil && !nodes[$0].isControl }) { return [] }
        var others: Set<BackendName> = []
        for node in nodes { for other in node.backends where other != name { others.insert(other) } }
        return others
    }
}

extension Node {
    /// The backends that the node and those in its body name.
    var backends: [BackendName] {
        guard isControl else { return backend.map { [$0] } ?? [] }
        return (backend.map { [$0] } ?? []) + body.flatMap(\.backends)
    }
}

extension RunSession {
    /// The backend that goes on with a run which has been moved; `nil` when the run is where it belongs.
    fileprivate func successor(
        of backend: any Backend, _ registry: BackendRegistry, _ users: inout [RegisteredBackend]
    ) throws(BackendError) -> (any Backend)? {
        guard !isFinished, let context = durableContext, context.backend != backend.name else { return nil }
        guard registry.acquire(context.backend, into: &users), let next = registry.backend(context.backend) else {
            throw BackendError(.unavailable, backend: context.backend, "the backend is not registered")
        }
        return next.backend
    }
}

extension JSONObject {
    /// The members of both; of a name that both have, the other's.
    fileprivate func merging(_ other: JSONObject) -> JSONObject {
        guard !isEmpty else { return other }
        return other.members.reduce(into: self) { $0[$1.name] = $1.value }
    }
}
