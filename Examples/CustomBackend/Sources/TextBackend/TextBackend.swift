public import FlowCore

/// A backend that executes ``WordCount`` and nothing else.
public struct TextBackend: Backend {
    private let types = NodeTypeCatalog([WordCount()])

    /// Makes the backend.
    public init() {}

    /// The name under which it is registered.
    public let name: BackendName = "text"
    /// The kind of backend.
    public let type = "text"

    /// What it can do: what is said here is what runs may ask for, and what the conformance suite tries.
    public let capabilities = BackendCapabilities(streaming: true, parallel: true, async: true, distributed: false)

    /// What it promises.
    public let contract = BackendContract(timeToCancel: .seconds(1))

    /// The types that it takes.
    public var nodeTypes: [NodeTypeDescription] { types.descriptions }

    /// Tells everything that keeps it from taking the node, each with its place in the node.
    public func validate(_ node: Node) -> [ValidationIssue] {
        guard let type = types[node.type] else {
            return [ValidationIssue(["type"], "the text backend has no node type \"\(node.type)\"")]
        }
        return type.validate(node.config).map { $0.under(["config"]) }
    }

    /// Executes one attempt at a node. What is thrown says that the backend could not do its part.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard let type = types[request.node.type] else {
            throw BackendError(.unsupported, backend: name, "there is no node type \"\(request.node.type)\"")
        }
        do {
            return try await type.execute(request)
        } catch is CancellationError {
            throw BackendError(.cancelled, backend: name, "the attempt was cancelled")
        } catch {
            return .failure(NodeFailure(.failed, "\(error)"))
        }
    }
}
