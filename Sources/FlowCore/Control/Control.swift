import FlowExpressions
import FlowJSON

/// What a node of a ``ControlType`` directs, compiled.
enum Control: Sendable {
    case condition([Route])
    case approval(Approval)
    case forEach(ForEach)
    case loop(Loop)
    case workflow(Child)

    /// One way on from a condition.
    struct Route: Sendable {
        /// `nil` always holds.
        let when: CELExpression?
        let target: NodeID
    }

    struct Approval: Sendable {
        let prompt: CompiledTemplate?
        /// The answer when none came in time.
        let fallback: JSONValue?
    }

    /// The nodes that a node runs, and what comes of them.
    struct Body: Sendable {
        let graph: WorkflowGraph
        let output: CompiledTemplate?
    }

    struct ForEach: Sendable {
        let items: CompiledTemplate
        let body: Body
        let maxParallel: Int?
        let onItemError: ItemErrorPolicy
    }

    /// What becomes of a `for_each` when an item fails.
    enum ItemErrorPolicy: Sendable {
        case fail
        case replace(JSONValue)
    }

    struct Loop: Sendable {
        let body: Body
        let condition: CELExpression?
        let until: CELExpression?
        let maxIterations: Int
    }

    struct Child: Sendable {
        let definition: DefinitionReference
        let variables: CompiledTemplate?
    }

    /// The nodes in it.
    var body: Body? {
        switch self {
        case .forEach(let loop): loop.body
        case .loop(let loop): loop.body
        case .condition, .approval, .workflow: nil
        }
    }

    /// The nodes that a condition chooses among.
    var targets: [NodeID] {
        guard case .condition(let routes) = self else { return [] }
        return routes.map(\.target)
    }
}
