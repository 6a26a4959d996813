import FlowCore
import Synchronization

extension WorkflowService {
    /// How long after a question that was not answered the next one follows, at first and at most.
    private static let absentDelay: (first: Duration, most: Duration) = (.seconds(1), .seconds(30))

    /// Asks the services that were away at the start what they are and can do until they are back, so that runs are routed
    /// by it, and receipts name it, before anybody asks how they are.
    func askAbsent() {
        let absent = registry.all.filter { $0.isElsewhere && $0.nodeTypes.isEmpty }
        guard !absent.isEmpty else { return }
        // Unstructured, since no start waits for a service that is away; it is cancelled at a stop.
        let task = Task(executorPreference: engine.executor) { [registry, clock] in
            await withTaskGroup(of: Void.self) { group in
                for backend in absent { group.addTask { await Self.ask(backend, of: registry, on: clock) } }
            }
        }
        asking.withLock { $0 = task }
    }

    private static func ask(_ backend: RegisteredBackend, of registry: BackendRegistry, on clock: any WallClock) async {
        var delay = absentDelay.first
        while !Task.isCancelled, registry.backend(backend.name) === backend {
            if await backend.health().isHealthy { return await registry.refreshWrappers(of: backend.name) }
            do { try await clock.sleep(until: clock.now.advanced(by: delay), tolerance: nil) } catch { return }
            delay = min(delay * 2, absentDelay.most)
        }
    }
}
