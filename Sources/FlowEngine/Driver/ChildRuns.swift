import FlowCore
import FlowJSON
import Synchronization

/// The runs that nodes of other runs start.
final class ChildRuns: Sendable {
    /// A run that a node starts.
    struct Request: Sendable {
        let id: WorkflowID
        let definition: DefinitionReference
        let input: JSONValue
        let variables: JSONObject
        let backend: BackendName
        let labels: [String: String]
        let durability: Durability
        let traceparent: String?
        let parent: RunParent
    }

    /// Why a run ends that nobody waits for any more.
    static let reason = "the run that started it ended"

    private struct Link: Sendable {
        weak var service: WorkflowService?
        /// How many nodes start each run or wait for it.
        var followers: [WorkflowID: Int] = [:]
        /// Those of these runs that shall end, whether they have begun or not.
        var cancelled: Set<WorkflowID> = []
    }

    private let link = Mutex(Link())

    /// Says who runs them; the service itself owns what leads here.
    func attach(_ service: WorkflowService) { link.withLock { $0.service = service } }

    /// Starts a run, or finds the one that was started before, and waits for its end.
    ///
    /// - Throws: ``BackendError`` when the run cannot be followed now; it goes on by itself.
    func run(_ request: Request) async throws(BackendError) -> NodeResult {
        guard let service = link.withLock({ $0.service }) else {
            throw BackendError(.unavailable, backend: request.backend, "the server is going down")
        }
        link.withLock { $0.followers[request.id, default: 0] += 1 }
        defer { leave(request.id) }
        return try await service.runChild(request)
    }

    /// Whether a run that has begun shall end at once.
    func isCancelled(_ id: WorkflowID) -> Bool { link.withLock { $0.cancelled.contains(id) } }

    private func leave(_ id: WorkflowID) {
        link.withLock { link in
            let count = (link.followers[id] ?? 1) - 1
            link.followers[id] = count > 0 ? count : nil
            if count <= 0 { link.cancelled.remove(id) }
        }
    }

    /// Asks a run to end, without waiting for it.
    func cancel(_ id: WorkflowID) {
        let service = link.withLock { link in
            // One that is about to begin is not live yet, and is told once it is.
            if link.followers[id] != nil { link.cancelled.insert(id) }
            return link.service
        }
        let reason = Self.reason
        if let run = service?.store.live(id) {
            run.inbox.send(.command(.cancel(reason: reason), RunReply()))
        } else if let service {
            // One that waits for its backend is not live either. Unstructured, since nobody waits for it.
            Task(executorPreference: service.engine.executor) { _ = try? await service.cancel(id, reason: reason) }
        }
    }
}
