public import FlowCore
import Synchronization

/// A backend that does with each node what a test says.
public final class ScriptedBackend: Backend {
    /// What happens to a node. A `BackendError` is thrown on; a cancellation becomes one.
    public typealias Script = @Sendable (NodeRequest) async throws -> NodeResult

    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "scripted"
    /// What it says that it can do.
    public let capabilities: BackendCapabilities
    /// What it promises.
    public let contract: BackendContract
    private let script: Script
    private let log = Mutex<[String]>([])

    /// Makes a backend.
    public init(
        name: BackendName = .native,
        capabilities: BackendCapabilities = BackendCapabilities(
            streaming: false, parallel: true, async: true, distributed: false),
        contract: BackendContract = BackendContract(),
        script: @escaping Script
    ) {
        self.name = name
        self.capabilities = capabilities
        self.contract = contract
        self.script = script
    }

    /// It takes any type.
    public var nodeTypes: [NodeTypeDescription] { [] }
    /// It takes any node.
    public func validate(_ node: Node) async -> [ValidationIssue] { [] }

    /// The idempotency keys of all attempts, in order.
    public var executed: [String] { log.withLock { $0 } }

    /// Does what the script says.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        log.withLock { $0.append(request.idempotencyKey) }
        do {
            return try await script(request)
        } catch let error as BackendError {
            throw error
        } catch {
            throw BackendError(error is CancellationError ? .cancelled : .unavailable, backend: name, "\(error)")
        }
    }
}
