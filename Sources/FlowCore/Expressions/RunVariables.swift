import FlowExpressions
import FlowJSON

/// What the expressions of a run read: its input, its nodes as they stand, and what surrounds the node.
struct RunVariables: VariableResolver {
    let context: WorkflowContext
    /// The scope whose nodes and item are seen first; 0 is the workflow itself.
    let scope: Int
    /// The item and index that stand in place of the scope's.
    var item: (value: JSONValue, index: Int)?
    var error: NodeFailure?
    var secrets: (any SecretSource)?
    /// The backend that stands in place of the one that the run is on now.
    var backend: BackendName?

    init(_ context: WorkflowContext, scope: Int) {
        self.context = context
        self.scope = scope
    }

    func variable(_ name: String) throws(EvaluationError) -> CELValue? {
        switch name {
        case "input": return CELValue(context.submission.input)
        case "variables": return CELValue(.object(context.submission.variables))
        case "nodes": return CELValue(NodesVariable(context: context, scope: scope))
        case "workflow": return CELValue(.object(run))
        case "item":
            if let item { return CELValue(item.value) }
            return scope > 0 ? CELValue(context.scope(scope).item) : nil
        case "index":
            if let item { return .int(Int64(item.index)) }
            return scope > 0 ? .int(Int64(context.scope(scope).iteration)) : nil
        case "error": return error.map { CELValue($0.json) }
        case "secrets": return secrets.map { CELValue(SecretsVariable($0)) }
        default: return nil
        }
    }

    private var run: JSONObject {
        [
            "id": .string(context.id.rawValue), "name": .string(context.graph.workflow.name),
            "version": context.graph.workflow.version.map { .string($0) } ?? .null,
            "backend": .string((backend ?? context.backend).rawValue),
        ]
    }
}

/// The nodes that an expression can name: those of its scope, then those of the scopes around it.
private final class NodesVariable: VariableObject {
    private let context: WorkflowContext
    private let scope: Int

    init(context: WorkflowContext, scope: Int) {
        self.context = context
        self.scope = scope
    }

    func member(_ name: String) throws(EvaluationError) -> CELValue? {
        let id = NodeID(name)
        var number: Int? = scope
        while let current = number {
            let frame = context.scope(current)
            if let position = frame.graph.position(of: id) {
                return CELValue(NodeVariable(context.nodes[frame.base + position]))
            }
            number = frame.outer
        }
        return nil
    }

    var memberNames: [String] { context.scope(scope).graph.workflow.nodes.map(\.id.rawValue) }
}

/// One node as expressions see it.
private final class NodeVariable: VariableObject {
    private let node: NodeContext

    init(_ node: NodeContext) { self.node = node }

    func member(_ name: String) throws(EvaluationError) -> CELValue? {
        switch name {
        case "output": CELValue(node.outputData ?? .null)
        case "status": .string(node.status.rawValue)
        case "error": (node.attempt?.error).map { CELValue($0.json) } ?? .null
        case "attempt": .int(Int64(node.attempt?.number ?? 0))
        default: nil
        }
    }

    let memberNames = ["output", "status", "error", "attempt"]
}

/// The secrets that the server was given, by name.
private final class SecretsVariable: VariableObject {
    private let source: any SecretSource

    init(_ source: any SecretSource) { self.source = source }

    func member(_ name: String) throws(EvaluationError) -> CELValue? { source.secret(name).map { .string($0) } }

    /// Secrets are named one by one, never together.
    let memberNames: [String] = []
}
