import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// Reading the nodes of a run.
struct NodeRoutes: Sendable {
    let service: WorkflowService

    var routes: [Route] {
        [
            Route(.get, "/workflows/{workflow_id}/nodes", .viewer, .suspending(list)),
            Route(.get, "/workflows/{workflow_id}/nodes/{node_id}", .viewer, .suspending(read)),
        ]
    }

    @Sendable private func list(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let context = try await context(request)
        var writer = JSONWriter(capacity: 512 * context.nodes.count + 64)
        writer.beginObject()
        writer.field("workflow_id")
        writer.string(context.id.rawValue)
        writer.field("nodes")
        writer.beginArray()
        for (node, definition) in zip(context.nodes, context.graph.workflow.nodes) {
            NodeEncoding.write(node, definition, to: &writer)
        }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    @Sendable private func read(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let context = try await context(request)
        guard let index = context.graph.positions[NodeID(request.parameters[1])] else {
            throw Problem(
                404, "not-found", "The run \"\(context.id)\" has no node \"\(request.parameters[1].prefix(200))\".")
        }
        var writer = JSONWriter(capacity: 512)
        NodeEncoding.write(context.nodes[index], context.graph.workflow.nodes[index], to: &writer)
        return .json(writer.bytes)
    }

    private func context(_ request: HTTPRequest) async throws(Problem) -> WorkflowContext {
        try request.refuseQuery()
        let id = try WorkflowRoutes.id(request)
        do { return try await service.load(id).context } catch { throw Problem(error) }
    }
}
