import FlowCore
import FlowJSON

/// The nodes of a workflow that is being drawn, and the shapes that they come in.
struct WorkflowDraft: Sendable {
    /// A node as JSON in the making.
    struct DraftNode: Sendable {
        var id: String
        var type = NodeBehaviour.workType
        var behaviour = NodeBehaviour()
        /// Places of the nodes that it depends on; `nil` when nothing is written.
        var before: [Int]?
        /// Further fields of the node.
        var fields = JSONObject()
        /// The configuration of a node that no backend executes.
        var control: JSONObject?

        /// Whether what it makes is an object with a number `value`, of which conditions can tell.
        var makesValue: Bool { control == nil || type == "loop" || type == "approval" }
    }

    var nodes: [DraftNode]

    /// Draws a shape, of fewer nodes when it is to be small.
    init(shape generator: inout SeededGenerator, isSmall: Bool = false) {
        nodes = []
        switch generator.number(1...4) {
        case 1: nodes = (1...generator.number(1...(isSmall ? 3 : 6))).map { DraftNode(id: "n\($0)") }
        case 2: fan(generator.number(isSmall ? 2...2 : 2...5))
        default: graph(generator.number(isSmall ? 1...3 : 2...8), &generator)
        }
    }

    private init(_ nodes: [DraftNode]) { self.nodes = nodes }

    /// Nodes one after the other, for a body, in which there may be other bodies and nodes that run definitions.
    static func body(
        of definitions: [DefinitionName], depth: Int, _ generator: inout SeededGenerator
    ) -> WorkflowDraft {
        var draft = WorkflowDraft((1...generator.number(1...2)).map { DraftNode(id: "b\($0)") })
        draft.addWork(&generator)
        draft.addFailures(&generator)
        draft.addRetries(&generator)
        draft.addErrorPolicies(&generator)
        if depth < 2 { draft.addBodies(of: definitions, depth: depth + 1, &generator) }
        if generator.chance(30) { draft.addChildren(of: definitions, &generator) }
        if generator.chance(20) { draft.addQuestions(&generator) }
        return draft
    }

    /// A root, several that depend on it, and one that joins them.
    private mutating func fan(_ width: Int) {
        nodes = [DraftNode(id: "n1")]
        for number in 1...width { nodes.append(DraftNode(id: "n\(number + 1)", before: [0])) }
        nodes.append(DraftNode(id: "n\(width + 2)", before: Array(1...width)))
    }

    /// Nodes each of which depends on some of those before it.
    private mutating func graph(_ count: Int, _ generator: inout SeededGenerator) {
        for number in 1...count {
            var before = (0..<number - 1).filter { _ in generator.chance(40) }.suffix(3).map { $0 }
            // Written out of order now and then: the order of dependencies is that of the input's members.
            if generator.chance(20) { before.reverse() }
            nodes.append(DraftNode(id: "n\(number)", before: before))
        }
    }

    /// Whether the nodes run in the order of the list.
    var isSequence: Bool { nodes.allSatisfy { $0.before == nil } }

    /// The nodes that lead to a node at once.
    func predecessors(of index: Int) -> [Int] { nodes[index].before ?? (isSequence && index > 0 ? [index - 1] : []) }

    /// The nodes as the API takes them.
    var json: [JSONValue] {
        nodes.map { node in
            var object: JSONObject = ["node_id": .string(node.id), "type": .string(node.type)]
            object["config"] = .object(node.control ?? node.behaviour.config)
            if let before = node.before { object["depends_on"] = .array(before.map { .string(nodes[$0].id) }) }
            for member in node.fields.members { object[member.name] = member.value }
            return .object(object)
        }
    }
}
