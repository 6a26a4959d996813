import FlowCore
import Logging
import Synchronization

extension WorkflowService {
    /// How long the service waits before it takes up a run again whose journal failed.
    static let rescueDelay: Duration = .seconds(5)

    /// Folds every unfinished run that is not live from its journal and hands it back to its backend.
    ///
    /// - Returns: how many runs were taken up.
    public func recover() async throws(JournalError) -> Int {
        var recovered = 0
        let entries: [RunEntry]
        do {
            entries = try await engine.journal.unfinished()
        } catch {
            scheduleRescue()
            throw error
        }
        for entry in entries {
            // From here on nobody else takes it up, so that what is folded is where it stands.
            guard let run = await store.adopt(entry) else { continue }
            guard let context = await restore(run) else { continue }
            var users: [RegisteredBackend] = []
            guard let missing = context.backendsAhead.first(where: { !registry.acquire($0, into: &users) }) else {
                resume(run, context, on: users[0].backend, users: users)
                recovered += 1
                continue
            }
            // One of its backends could not be made again. The run stays as it is until that is registered.
            logger.error(
                "run cannot be taken up: its backend is not registered",
                metadata: ["workflow_id": "\(entry.id)", "backend": "\(missing)"])
            for user in users { user.release() }
            store.retire(run)
        }
        isRecovered.store(true, ordering: .releasing)
        return recovered
    }

    /// Folds the journal of a run that has been adopted.
    ///
    /// - Returns: `nil` when the run has ended or cannot be read; then it is let go.
    private func restore(_ run: LiveRun) async -> WorkflowContext? {
        do throws(JournalError) {
            if let context = try await fold(run.id), !context.status.isFinished {
                if try await isOrphan(context) {
                    run.inbox.send(.command(.cancel(reason: ChildRuns.reason), RunReply()))
                }
                run.begin(context)
                return context
            }
        } catch {
            // One damaged journal must not keep the others from going on.
            logger.error(
                "run cannot be taken up: its journal cannot be read",
                metadata: ["workflow_id": "\(run.id)", "error": "\(error)"])
            // What cannot be read now may be later; what is damaged stays so.
            if error.code != .corrupt { scheduleRescue() }
        }
        store.retire(run)
        return nil
    }

    /// Whether the node that started a run waits for it no longer: it may not have come to tell the run.
    private func isOrphan(_ context: WorkflowContext) async throws(JournalError) -> Bool {
        guard let parent = context.submission.parent else { return false }
        guard let outer = store.live(parent.id)?.snapshot?.context else {
            // One that has not ended is older, and so was to be taken up before; it goes on with its node later.
            return try await engine.journal.status(of: parent.id)?.isFinished ?? true
        }
        guard let index = outer.position(of: parent.node) else { return true }
        let node = outer.nodes[index]
        if node.usesFallback { return true }
        if node.status == .pending, let error = node.attempt?.error, error.code != .lost, !error.isTransport {
            // The attempt that waited for it has failed, and the next one starts another.
            return true
        }
        return outer.status.isFinished || outer.nodes[index].status.isFinished
            || outer.child(ofNodeAt: index) != context.id
    }

    /// Takes up runs that wait for a backend which is there now.
    public func takeUpUnfinished() async throws(ServiceError) {
        do { _ = try await recover() } catch { throw ServiceError(error) }
    }

    /// Goes on with a run where its journal left off.
    private func resume(_ run: LiveRun, _ context: WorkflowContext, on backend: any Backend, users: [RegisteredBackend])
    {
        let session = RunSession(live: run, engine: engine, run: context.constants, start: .resumed(context))
        execute(session, run, on: backend, users: users)
    }

    /// Takes up a run whose backend is not there, to end it.
    ///
    /// - Returns: `nil` when the run has ended or is taken up elsewhere.
    func takeUpToCancel(_ id: WorkflowID, reason: String?) async throws(JournalError) -> LiveRun? {
        guard let entry = try await engine.journal.unfinished().first(where: { $0.id == id }),
            let run = await store.adopt(entry), let context = await restore(run)
        else { return nil }
        run.inbox.send(.command(.cancel(reason: reason), RunReply()))
        resume(run, context, on: AbsentBackend(name: entry.backend), users: [])
        return run
    }

    /// Takes up what was left unfinished, after a while: the journal that failed may work again.
    func scheduleRescue() {
        guard rescueIsPending.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return
        }
        let instant = engine.clock.now.advanced(by: Self.rescueDelay)
        _ = engine.deadlines.schedule(at: instant) { [weak self] in
            guard let self else { return }
            rescueIsPending.store(false, ordering: .relaxed)
            // Unstructured, since nobody waits for it; what it takes up the store knows.
            Task(executorPreference: engine.executor) {
                do { _ = try await self.recover() } catch { self.scheduleRescue() }
            }
        }
    }
}

extension WorkflowContext {
    /// The backends that the rest of the run needs: its own, and those of the nodes that have not ended.
    fileprivate var backendsAhead: [BackendName] {
        var names = [backend]
        for (node, definition) in zip(nodes, graph.workflow.nodes) where !node.status.isFinished {
            for name in definition.backends where !names.contains(name) { names.append(name) }
        }
        return names
    }
}
