public import FlowJSON

extension NodeRequest {
    /// The request as backends are told of it over HTTP: the node, what it works on, and the run that it is a part of.
    public var json: JSONValue {
        let id = JSONValue.string(node.id.rawValue)
        return [
            "node": ["node_id": id, "type": .string(node.type), "config": .object(node.config)],
            "node_context": [
                "node_id": id, "status": .string(NodeStatus.running.rawValue), "attempt": .integer(Int64(attempt)),
                "input_data": input, "output_data": .null,
            ],
            "workflow_context": [
                "workflow_id": .string(run.id.rawValue), "name": .string(run.name),
                "version": run.version.map { .string($0) } ?? .null, "backend": .string(run.backend.rawValue),
                "current_node_id": id, "variables": .object(run.variables),
                "submitted_at": .string(run.submittedAt.description),
            ],
        ]
    }
}
