public import FlowJSON

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
