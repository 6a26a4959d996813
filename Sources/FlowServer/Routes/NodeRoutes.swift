import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// Reading the nodes of a run, and answering those that wait.
struct NodeRoutes: Sendable {
    let service: WorkflowService
    let json: JSONBody

    var routes: [Route] {
        [
            Route(.get, "/workflows/{workflow_id}/nodes", .viewer, .suspending(list)),
            Route(.get, "/workflows/{workflow_id}/nodes/{node_id}", .viewer, .suspending(read)),
            Route(.get, "/workflows/{workflow_id}/receipts", .viewer, .suspending(receipts)),
            Route(
                .post, "/workflows/{workflow_id}/nodes/{node_id}/resume", .submitter, takesBody: true,
                .suspending(resume)),
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
        NodeEncoding.writeAll(context, to: &writer) { _, _ in }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    @Sendable private func read(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let context = try await context(request)
        guard let index = context.position(of: NodeID(request.parameters[1])) else {
            throw Problem(
                404, "not-found", "The run \"\(context.id)\" has no node \"\(request.parameters[1].prefix(200))\".")
        }
        var writer = JSONWriter(capacity: 512)
        NodeEncoding.write(context, nodeAt: index, to: &writer)
        return .json(writer.bytes)
    }

    @Sendable private func receipts(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var query = QueryItems(request.query)
        let after = query.value("after", expected: "the number of a receipt, or 0") {
            Int($0).flatMap { (0...9_007_199_254_740_991).contains($0) ? $0 : nil }
        }
        let limit = query.value("limit", expected: "a number from 1 to 1000") {
            Int($0).flatMap { (1...1000).contains($0) ? $0 : nil }
        }
        try query.finish()
        let id = try WorkflowRoutes.id(request)
        let page: ReceiptPage
        do { page = try await service.receipts(of: id, after: after ?? 0, limit: limit ?? 500) } catch {
            throw Problem(error)
        }
        var response = HTTPResponse.json(ReceiptEncoding.bytes(page))
        if let next = page.next { response.linkNext(String(next), after: request, name: "after") }
        return response
    }

    @Sendable private func resume(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        let id = try WorkflowRoutes.id(request)
        let answer = try Self.answer(try json.object(request))
        let node = NodeID(request.parameters[1])
        let snapshot: RunSnapshot
        do { snapshot = try await service.answer(node, of: id, answer) } catch { throw Problem(error) }
        var response = HTTPResponse.json(snapshot.representation(RunEncoding.bytes), status: 202)
        response.fields.append(("Location", "/workflows/\(id)"))
        return response
    }

    /// Reads `{"output": value}` or `{"error": {code?, message, retriable?, details?}}`.
    private static func answer(_ object: JSONObject) throws(Problem) -> Result<JSONValue, NodeFailure> {
        var fields = FieldReader(object, at: [])
        let output = fields.value("output")
        let error = fields.object("error")
        if (output == nil) == (error == nil) {
            fields.add(ValidationIssue([], "one of the fields \"output\" and \"error\" is required"))
        }
        var failure: NodeFailure?
        if let error {
            var inner = FieldReader(error, at: ["error"])
            inner.require("message")
            let code = inner.text("code", maximum: 64)
            let message = inner.text("message", maximum: 10_000)
            let isRetriable = inner.bool("retriable") ?? false
            let details = inner.value("details")
            fields.add(inner.finish())
            failure = message.map {
                NodeFailure(
                    code.map { NodeFailure.Code($0) } ?? .rejected, $0, retriable: isRetriable, details: details)
            }
        }
        let issues = fields.finish()
        guard issues.isEmpty else { throw .invalid(issues) }
        return failure.map { .failure($0) } ?? .success(output ?? .null)
    }

    private func context(_ request: HTTPRequest) async throws(Problem) -> WorkflowContext {
        try request.refuseQuery()
        let id = try WorkflowRoutes.id(request)
        do { return try await service.load(id).context } catch { throw Problem(error) }
    }
}
