import FlowCore
import Logging
import Synchronization

/// Stores how conformance runs ended, and again until the store takes it: nobody is told of a run that goes on for ever
/// because a disk was full at its end.
final class ConformanceArchive: Sendable {
    /// How long after a write that failed the next one is tried.
    private static let pause: Duration = .seconds(2)

    private struct State: Sendable {
        /// Ends that the store has not taken yet, one of each backend.
        var waiting: [BackendName: (run: ConformanceRun, backend: RegisteredBackend)] = [:]
        var retrying: Task<Void, Never>?
        var isClosed = false
    }

    let store: any ConformanceStore
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    init(store: any ConformanceStore, clock: any WallClock, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// How a backend's last run ended, when that is not stored yet.
    func waiting(of name: BackendName) -> ConformanceRun? { state.withLock { $0.waiting[name]?.run } }

    /// Stores a run that begins.
    ///
    /// - Returns: its place in the order of all.
    /// - Throws: ``ServiceError/unavailable(_:)`` while the end of the one before cannot be stored.
    func begin(_ run: ConformanceRun, keeping count: Int) async throws(ServiceError) -> Int64 {
        await storeWaiting()
        guard waiting(of: run.backend) == nil else {
            throw .unavailable("the end of the last conformance run of \"\(run.backend)\" is not stored yet")
        }
        do { return try await store.begin(run, keeping: count) } catch { throw ServiceError(error) }
    }

    /// Stores how a run ended, now or later. What it has proven counts from then on, since a crash would take it back.
    func keep(_ run: ConformanceRun, of backend: RegisteredBackend) async {
        do {
            try await store.end(run)
            backend.learned(run, proven: run.proof)
        } catch {
            backend.learned(run, proven: nil)
            logger.error(
                "conformance run could not be stored; it is tried again",
                metadata: ["backend": "\(run.backend)", "error": "\(error)"])
            state.withLock { state in
                state.waiting[run.backend] = (run, backend)
                guard state.retrying == nil, !state.isClosed else { return }
                // Unstructured, since nobody waits for it; it is cancelled when this is closed.
                state.retrying = Task { await self.retry() }
            }
        }
    }

    private func retry() async {
        while true {
            let isOver = state.withLock { state in
                if state.waiting.isEmpty { state.retrying = nil }
                return state.waiting.isEmpty
            }
            guard !isOver else { return }
            do { try await clock.sleep(until: clock.now.advanced(by: Self.pause), tolerance: nil) } catch { return }
            await storeWaiting()
        }
    }

    private func storeWaiting() async {
        for (name, entry) in state.withLock({ $0.waiting }) {
            do { try await store.end(entry.run) } catch { continue }
            entry.backend.proved(entry.run.proof)
            state.withLock { state in
                if state.waiting[name]?.run.id == entry.run.id { state.waiting[name] = nil }
            }
        }
    }

    /// Tries for the last time: what is not stored then has been interrupted for the next start.
    func close() async {
        let retrying = state.withLock { state in
            state.isClosed = true
            return state.retrying
        }
        retrying?.cancel()
        await retrying?.value
        await storeWaiting()
    }
}
