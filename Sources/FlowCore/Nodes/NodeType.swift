public import FlowJSON

/// What a kind of node does. Node types are plugged into backends that execute them in process.
public protocol NodeType: Sendable {
    /// The type as clients see it.
    var description: NodeTypeDescription { get }

    /// Everything that is wrong with a configuration, each with a pointer within it.
    func validate(_ config: JSONObject) -> [ValidationIssue]

    /// Does the work of one attempt.
    ///
    /// - Throws: `CancellationError` when it was cancelled; any other error becomes a failure of the node.
    nonisolated(nonsending) func execute(_ request: NodeRequest) async throws -> NodeResult
}

/// A kind of node whose work is quick, pure computation; see ``Backend/computesInline(_:)``.
public protocol PureNodeType: NodeType {
    /// What becomes of a node with an input.
    func result(of node: Node, input: JSONValue) -> NodeResult
}

extension PureNodeType {
    /// Gives the result.
    public nonisolated(nonsending) func execute(_ request: NodeRequest) async throws -> NodeResult {
        result(of: request.node, input: request.input)
    }
}
