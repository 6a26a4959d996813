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

    private struct Link: Sendable {
        weak var service: WorkflowService?
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
        return try await service.runChild(request)
    }

    /// Asks a run to end, without waiting for it.
    func cancel(_ id: WorkflowID) {
        guard let service = link.withLock({ $0.service }) else { return }
        service.store.live(id)?.inbox.send(.command(.cancel(reason: "the run that started it ended"), RunReply()))
    }
}
