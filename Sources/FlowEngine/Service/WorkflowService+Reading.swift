public import FlowCore

extension WorkflowService {
    /// The state of a run that is in memory, without waiting.
    public func snapshot(of id: WorkflowID) -> RunSnapshot? { store.snapshot(of: id) }

    /// The state of a run.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such run.
    public func load(_ id: WorkflowID) async throws(ServiceError) -> RunSnapshot {
        if let snapshot = snapshot(of: id) { return snapshot }
        do {
            guard let context = try await fold(id) else { throw Self.unknown(id) }
            return RunSnapshot(context, sequence: 0)
        } catch let error as JournalError {
            throw error.code == .notFound ? Self.unknown(id) : ServiceError(error)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw .unavailable("\(error)")
        }
    }

    /// Waits for a run to end.
    ///
    /// - Returns: the run as it ended, or as it is when the time has passed.
    public func wait(for id: WorkflowID, atMost time: Duration) async throws(ServiceError) -> RunSnapshot {
        let instant = engine.clock.now.advanced(by: min(time, limits.maximumWait))
        while true {
            if let run = store.live(id) {
                await run.wait(for: .max, until: instant, deadlines: engine.deadlines)
                if let snapshot = run.snapshot { return snapshot }
            }
            let snapshot = try await load(id)
            let now = engine.clock.now
            guard !snapshot.context.status.isFinished, now < instant, !Task.isCancelled else { return snapshot }
            // A start takes it up soon, or it waits for its backend: nobody tells when, so it is looked for.
            try? await engine.clock.sleep(until: min(instant, now.advanced(by: Self.absenceInterval)), tolerance: nil)
        }
    }

    /// How often a run that is waited for and that nobody drives is looked for.
    static let absenceInterval: Duration = .milliseconds(100)

    /// Some of the runs that match, newest first.
    public func list(_ query: RunQuery) async throws(ServiceError) -> RunPage {
        var wanted = query
        wanted.limit = query.limit + 1
        var found: [(sequence: Int64, id: WorkflowID)]
        do {
            found = try await engine.journal.entries(matching: wanted).map { ($0.sequence, $0.id) }
        } catch {
            throw ServiceError(error)
        }
        for run in store.volatileRuns where query.matches(RunEntry(run.context, sequence: run.sequence)) {
            found.append((run.sequence, run.context.id))
        }
        found.sort { $0.sequence > $1.sequence }
        let page = found.prefix(query.limit)
        var runs: [RunSnapshot] = []
        for entry in page {
            do throws(ServiceError) {
                runs.append(try await load(entry.id))
            } catch .notFound {
                continue  // Deleted since the query.
            } catch {
                throw error
            }
        }
        return RunPage(runs: runs, next: found.count > page.count ? page.last?.sequence : nil)
    }

    /// The events of a run behind a position, as they come.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such run.
    public func events(of id: WorkflowID, after position: Int) async throws(ServiceError) -> RunEvents {
        if store.live(id) == nil, snapshot(of: id) == nil {
            let status: WorkflowStatus?
            do { status = try await engine.journal.status(of: id) } catch { throw ServiceError(error) }
            guard status != nil else { throw Self.unknown(id) }
        }
        return RunEvents(id: id, position: position, store: store, engine: engine)
    }

    /// Whether a run has an event at a position; 0 is where every run begins.
    ///
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such run.
    public func hasReached(_ position: Int, of id: WorkflowID) async throws(ServiceError) -> Bool {
        guard position > 0 else { return true }
        if let snapshot = snapshot(of: id) { return position <= snapshot.context.position }
        do {
            return try await !engine.journal.events(of: id, after: position - 1, limit: 1).isEmpty
        } catch {
            throw error.code == .notFound ? Self.unknown(id) : ServiceError(error)
        }
    }

    /// Folds a run's journal, or `nil` when it is empty.
    func fold(_ id: WorkflowID) async throws(JournalError) -> WorkflowContext? {
        var context: WorkflowContext?
        while true {
            let page = 2000
            let events = try await engine.journal.events(of: id, after: context?.position ?? 0, limit: page)
            if events.isEmpty { return context }
            for event in events {
                if context == nil { context = WorkflowContext(id: id, first: event) } else { context?.apply(event) }
            }
            guard context != nil else {
                throw JournalError(.corrupt, "the journal of run \"\(id)\" does not begin with its submission")
            }
            if events.count < page { return context }
        }
    }

    static func unknown(_ id: WorkflowID) -> ServiceError { .notFound("there is no run \"\(id)\"") }
}
