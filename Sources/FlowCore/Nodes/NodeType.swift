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
