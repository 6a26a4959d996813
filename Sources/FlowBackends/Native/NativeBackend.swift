public import FlowCore
public import FlowJSON

/// Executes nodes in this process.
public final class NativeBackend: InstantlyValidating, PlannedByService {
    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "native"
    private let catalog: NodeTypeCatalog
    private let promises: BackendContract

    /// Makes a backend that takes the node types of a catalog.
    public init(name: BackendName = .native, catalog: NodeTypeCatalog, contract: BackendContract = BackendContract()) {
        self.name = name
        self.catalog = catalog
        promises = contract
    }

    /// Nodes run at the same time and without anybody waiting, hand out parts of their result, and all run here.
    public var capabilities: BackendCapabilities {
        BackendCapabilities(
            streaming: true, parallel: true, async: true, distributed: false, others: ["durable": true])
    }

    /// What the backend promises.
    public var contract: BackendContract { promises }

    /// The types of the catalog.
    public var nodeTypes: [NodeTypeDescription] { catalog.descriptions }

    /// Checks the node's type and its configuration.
    public func validate(_ node: Node) -> [ValidationIssue] {
        guard let type = catalog[node.type] else {
            let known = catalog.descriptions.map(\.name).joined(separator: ", ")
            return [
                ValidationIssue(
                    ["type"], "the backend \"\(name)\" has no node type \"\(node.type)\"; it has \(known)")
            ]
        }
        return type.validate(node.config).map { $0.under(["config"]) }
    }

    /// Whether the node's type is pure.
    public func computesInline(_ node: Node) -> Bool { catalog.pureType(node.type) != nil }

    /// The result of a node of a pure type.
    public func pureResult(of node: Node, input: JSONValue) -> NodeResult? {
        catalog.pureType(node.type)?.result(of: node, input: input)
    }

    /// Executes one attempt at a node by its type.
    public nonisolated(nonsending) func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        guard let type = catalog[request.node.type] else {
            throw BackendError(.unsupported, backend: name, "there is no node type \"\(request.node.type)\"")
        }
        do {
            return try await type.execute(request)
        } catch is CancellationError {
            throw BackendError(.cancelled, backend: name, "the attempt was cancelled")
        } catch let failure as NodeFailure {
            return .failure(failure)
        } catch {
            return .failure(NodeFailure(.failed, "\(error)"))
        }
    }
}
