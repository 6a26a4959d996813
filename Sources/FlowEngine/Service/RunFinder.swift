public import FlowCore
import Synchronization

/// Finds the runs of a service for backends that are made before it.
public final class RunFinder: Sendable {
    /// The service holds the backends, and they this.
    private struct Weak: Sendable { weak var value: WorkflowService? }

    private let target = Mutex(Weak())

    /// Makes a finder that finds nothing yet.
    public init() {}

    /// The service.
    public var service: WorkflowService? {
        get { target.withLock { $0.value } }
        set { target.withLock { $0.value = newValue } }
    }

    /// The durable state of a run; `nil` when there is none of that id.
    ///
    /// - Throws: ``ServiceError`` when it cannot be told now.
    public func context(of id: WorkflowID) async throws(ServiceError) -> WorkflowContext? {
        guard let service else { throw .unavailable("the server is starting") }
        do throws(ServiceError) { return try await service.load(id).context } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }
}
