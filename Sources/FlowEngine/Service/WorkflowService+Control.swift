public import FlowCore

extension WorkflowService {
    /// Asks a run to end, and returns once the request is on disk.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the run has ended.
    public func cancel(_ id: WorkflowID, reason: String?) async throws(ServiceError) -> RunSnapshot {
        let run: LiveRun
        if let live = store.live(id) {
            run = live
            run.inbox.send(.cancel(reason: reason))
        } else {
            let snapshot = try await load(id)
            let adopted: LiveRun?
            do { adopted = try await takeUpToCancel(id, reason: reason) } catch { throw ServiceError(error) }
            guard let adopted else {
                throw .conflict("the run is \(snapshot.context.status.rawValue) and cannot be cancelled")
            }
            run = adopted
        }
        while true {
            let position = run.position
            if let snapshot = run.snapshot {
                if snapshot.context.cancelRequestedAt != nil { return snapshot }
                let status = snapshot.context.status
                if status.isFinished { throw .conflict("the run is \(status.rawValue) and cannot be cancelled") }
            }
            if let failure = run.failure { throw ServiceError(failure) }
            guard !run.isAbandoned else { throw .unavailable("the run is not being executed now") }
            guard !Task.isCancelled else { throw .unavailable("the request was given up") }
            await run.wait(for: position + 1, until: nil, deadlines: engine.deadlines)
        }
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
