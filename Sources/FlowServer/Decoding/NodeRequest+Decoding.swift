import FlowCore
import FlowJSON

extension NodeRequest {
    /// Reads one attempt at a node as whoever plans the run tells of it: `{node, node_context, workflow_context}`.
    ///
    /// The node's configuration is taken as it stands: whoever plans the run has filled its expressions in.
    ///
    /// - Throws: ``ValidationError`` with everything that is wrong.
    init(decoding object: JSONObject, on backend: BackendName, clock: any WallClock) throws(ValidationError) {
        var fields = FieldReader(object, at: [])
        fields.require("node")
        let node = fields.object("node").flatMap { Self.node($0, &fields) }
        let context = fields.object("node_context").map { Self.context($0, &fields) }
        let run = fields.object("workflow_context").flatMap { Self.run($0, &fields) }
        fields.require("workflow_context")
        let issues = fields.finish()
        guard issues.isEmpty, let node, let run else { throw ValidationError(issues) }
        self.init(
            node: node, input: context?.input ?? .null, attempt: context?.attempt ?? 1,
            run: RunInformation(
                id: run.id, name: run.name, version: run.version, backend: run.backend ?? backend,
                variables: run.variables, submittedAt: run.submittedAt ?? clock.now),
            clock: clock)
    }

    private static func node(_ object: JSONObject, _ outer: inout FieldReader) -> Node? {
        var fields = FieldReader(object, at: ["node"])
        fields.require("node_id")
        fields.require("type")
        // Nodes of bodies have longer ids than authors can give.
        let id = fields.text("node_id", maximum: 1024)
        let type = fields.text("type", maximum: 128)
        let config = fields.object("config") ?? JSONObject()
        outer.add(fields.finish())
        guard let id, let type else { return nil }
        return Node(id: NodeID(id), type: type, config: config)
    }

    private static func context(_ object: JSONObject, _ outer: inout FieldReader) -> (input: JSONValue, attempt: Int?) {
        var fields = FieldReader(object, at: ["node_context"])
        let input = fields.value("input_data") ?? .null
        let attempt = fields.integer("attempt", in: 1...1_000_000_000)
        // What else there is to know of a node that runs says nothing that is not known here.
        for name in ["node_id", "status"] { _ = fields.text(name, maximum: 1024) }
        _ = fields.value("output_data")
        outer.add(fields.finish())
        return (input, attempt)
    }

    private struct Run {
        var id: WorkflowID
        var name: String
        var version: String?
        var backend: BackendName?
        var variables: JSONObject
        var submittedAt: Timestamp?
    }

    private static func run(_ object: JSONObject, _ outer: inout FieldReader) -> Run? {
        var fields = FieldReader(object, at: ["workflow_context"])
        fields.require("workflow_id")
        let id = fields.value("workflow_id", expected: "the id of a run") {
            $0.string.flatMap(WorkflowID.init(checking:))
        }
        let name = fields.text("name")
        let version = fields.value("version", expected: "a string or null") { $0.isNull ? "" : $0.string }
        let backend = fields.backend("backend")
        let variables = fields.object("variables") ?? JSONObject()
        let submittedAt = fields.value("submitted_at", expected: "an RFC 3339 time") {
            $0.string.flatMap { Timestamp($0) }
        }
        _ = fields.value("current_node_id", expected: "a string or null") { $0.isNull ? "" : $0.string }
        outer.add(fields.finish())
        guard let id else { return nil }
        return Run(
            id: id, name: name ?? id.rawValue, version: version?.isEmpty == false ? version : nil, backend: backend,
            variables: variables, submittedAt: submittedAt)
    }
}
