public import FlowCore
public import FlowJSON

extension WorkflowService {
    /// Asks a run to end, and returns once the request is on disk.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the run has ended.
    public func cancel(_ id: WorkflowID, reason: String?) async throws(ServiceError) -> RunSnapshot {
        try await command(.cancel(reason: reason), to: id, "cancelled")
    }

    /// Has a run start no further node until it is resumed. Nodes that run go on.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the run is paused already or has ended.
    public func pause(_ id: WorkflowID) async throws(ServiceError) -> RunSnapshot {
        try await command(.pause, to: id, "paused")
    }

    /// Has a paused run go on.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the run is not paused or has ended.
    public func resume(_ id: WorkflowID) async throws(ServiceError) -> RunSnapshot {
        try await command(.resume, to: id, "resumed")
    }

    /// Gives an interrupted node its result.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the node waits for no answer;
    ///   ``ServiceError/notFound(_:)`` when there is no such node.
    public func answer(
        _ node: NodeID, of id: WorkflowID, _ answer: Result<JSONValue, NodeFailure>
    ) async throws(ServiceError) -> RunSnapshot {
        if store.live(id) == nil {
            let context = try await load(id).context
            guard context[node] != nil else { throw .notFound("The run \"\(id)\" has no node \"\(node)\".") }
        }
        return try await command(.answer(node, answer), to: id, "answered")
    }

    /// Has another backend go on with a run, as soon as the nodes that run have ended.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` with everything that the backend lacks for the rest of the run;
    ///   ``ServiceError/conflict(_:)`` when the run is there already or has ended.
    public func move(_ id: WorkflowID, to name: BackendName) async throws(ServiceError) -> RunSnapshot {
        let context = try await load(id).context
        guard !context.status.isFinished else {
            throw .conflict("the run is \(context.status.rawValue) and cannot be moved")
        }
        var request = SubmitRequest(workflow: context.graph.workflow)
        request.backend = name
        request.requires = context.submission.requires
        let target: BackendName
        do throws(ServiceError) {
            target = try await choose(request).backend
        } catch .invalid(let issues) {
            throw .invalid(issues.map { $0.inWorkflowOfRun })
        } catch {
            throw error
        }
        return try await command(.move(target), to: id, "moved")
    }

    /// Does what is asked of a run that is being executed.
    ///
    /// - Parameter what: What cannot be done when the run has ended, for people.
    private func command(
        _ command: RunCommand, to id: WorkflowID, _ what: String
    ) async throws(ServiceError) -> RunSnapshot {
        guard let run = store.live(id) else {
            let snapshot = try await load(id)
            if case .cancel(let reason) = command, let run = try await adoptToCancel(id, reason: reason) {
                return try await settled(run, at: run.position + 1)
            }
            let status = snapshot.context.status
            guard status.isFinished else { throw .unavailable("the run is not being executed now") }
            throw .conflict("the run is \(status.rawValue) and cannot be \(what)")
        }
        switch await run.inbox.ask(command) {
        case .done(let position): return try await settled(run, at: position)
        case .refused(.conflict(let reason)): throw .conflict("\(reason) and cannot be \(what)")
        case .refused(let error): throw error
        case .gone:
            if let failure = run.failure { throw ServiceError(failure) }
            let status = try await load(id).context.status
            guard status.isFinished else { throw .unavailable("the run is not being executed now") }
            throw .conflict("the run is \(status.rawValue) and cannot be \(what)")
        }
    }

    private func adoptToCancel(_ id: WorkflowID, reason: String?) async throws(ServiceError) -> LiveRun? {
        do { return try await takeUpToCancel(id, reason: reason) } catch { throw ServiceError(error) }
    }

    /// The run once all up to a position is on disk.
    private func settled(_ run: LiveRun, at position: Int) async throws(ServiceError) -> RunSnapshot {
        await run.wait(for: position, until: nil, deadlines: engine.deadlines)
        if let snapshot = run.snapshot, snapshot.context.position >= position || snapshot.context.status.isFinished {
            return snapshot
        }
        if let failure = run.failure { throw ServiceError(failure) }
        throw .unavailable("the request was given up before it was on disk")
    }

    /// Removes a finished run and all that belongs to it.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the run has not ended.
    public func delete(_ id: WorkflowID) async throws(ServiceError) {
        guard store.live(id) == nil, try await load(id).context.status.isFinished else {
            throw .conflict("the run has not ended; cancel it first")
        }
        let wasVolatile = store.forget(id)
        let wasStored: Bool
        do { wasStored = try await engine.journal.delete(id) } catch { throw ServiceError(error) }
        guard wasVolatile || wasStored else { throw Self.unknown(id) }
    }

    /// Removes finished runs beyond the policy until none is left to remove.
    ///
    /// - Returns: how many were removed.
    public func prune(_ policy: RetentionPolicy) async throws(ServiceError) -> Int {
        var removed = 0
        while true {
            let batch: [WorkflowID]
            do {
                batch = try await engine.journal.prune(policy, now: engine.clock.now, batch: 500)
            } catch {
                throw ServiceError(error)
            }
            for id in batch { _ = store.forget(id) }
            removed += batch.count
            if batch.count < 500 { return removed }
        }
    }
}

extension ValidationIssue {
    /// An issue of a workflow as somebody sees it who names a run of it: at the backend, and told where in the workflow.
    fileprivate var inWorkflowOfRun: ValidationIssue {
        if pointer.tokens.first == "requires" { return ValidationIssue(["backend"], detail, code: code) }
        guard pointer.tokens.first == "workflow" else { return self }
        let inner = JSONPointer(Array(pointer.tokens.dropFirst()))
        return ValidationIssue(
            ["backend"], inner.tokens.isEmpty ? detail : "at \(inner) of the workflow: \(detail)", code: code)
    }
}
