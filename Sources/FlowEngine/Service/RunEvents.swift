public import FlowCore

/// A cursor over a run's events: each call gives what has come since the last one.
///
/// The cursor holds a position and nothing else, so a slow reader costs no memory and misses nothing.
public struct RunEvents: Sendable {
    /// How many events one call gives at most.
    static let page = 500

    /// The position of the last event that was given.
    public private(set) var position: Int
    private let id: WorkflowID
    private let store: JobStore
    private let engine: EngineEnvironment

    init(id: WorkflowID, position: Int, store: JobStore, engine: EngineEnvironment) {
        self.id = id
        self.position = position
        self.store = store
        self.engine = engine
    }

    /// The next events, waiting for them up to the instant.
    ///
    /// - Returns: some events; an empty array when the instant came first; `nil` when the run has ended and all was given.
    public mutating func next(until instant: Timestamp? = nil) async throws(ServiceError) -> [RunEvent]? {
        while true {
            let events: [RunEvent]
            var mayContinue = false
            if let run = store.live(id) {
                let held = run.events(after: position, limit: Self.page)
                if held.events.isEmpty, held.isComplete {
                    if held.isFinished { return nil }
                    if run.failure != nil { throw .unavailable("the run's journal does not take its events") }
                    if run.isAbandoned { throw .unavailable("the run is not being executed now") }
                    await run.wait(for: position + 1, until: instant, deadlines: engine.deadlines)
                    if run.position <= position, !run.isFinished, run.failure == nil, !run.isAbandoned { return [] }
                    continue
                }
                mayContinue = true
                events = held.isComplete ? held.events : try await stored()
            } else if let volatile = store.volatileEvents(of: id) {
                events = Array(volatile.dropFirst(position).prefix(Self.page))
            } else {
                events = try await stored()
            }
            guard let last = events.last else {
                if mayContinue { continue }
                guard try await hasEnded() else {
                    if store.live(id) != nil { continue }
                    if let instant, instant <= engine.clock.now { return [] }
                    throw .unavailable("the run is not being executed now")
                }
                // It may have ended since the look at its events: then the last of them are there now.
                guard store.volatileEvents(of: id) == nil else { return nil }
                let rest = try await stored()
                position = rest.last?.position ?? position
                return rest.isEmpty ? nil : rest
            }
            position = last.position
            return events
        }
    }

    /// Whether nothing more can come of a run that is not live.
    private func hasEnded() async throws(ServiceError) -> Bool {
        if let snapshot = store.snapshot(of: id) { return snapshot.context.status.isFinished }
        do {
            // A run that has been removed meanwhile has ended as well.
            return try await engine.journal.status(of: id)?.isFinished ?? true
        } catch {
            throw ServiceError(error)
        }
    }

    private func stored() async throws(ServiceError) -> [RunEvent] {
        do {
            return try await engine.journal.events(of: id, after: position, limit: Self.page)
        } catch {
            if error.code == .notFound { return [] }
            throw ServiceError(error)
        }
    }
}
