import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// Stopping, pausing, moving and repeating runs.
struct RunControlRoutes: Sendable {
    let service: WorkflowService
    let json: JSONBody

    var routes: [Route] {
        [
            control("cancel", cancel), control("pause", pause), control("resume", resume), control("move", move),
            control("rerun", rerun),
        ]
    }

    private func control(
        _ verb: String, _ handler: @escaping @Sendable (HTTPRequest) async throws(Problem) -> HTTPResponse
    ) -> Route {
        Route(.post, "/workflows/{workflow_id}/\(verb)", .submitter, takesBody: true, .suspending(handler))
    }

    @Sendable private func cancel(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var fields = try fields(of: request)
        let reason = fields.text("reason", maximum: 1024)
        return try await answer(request, fields) { id throws(ServiceError) in
            try await service.cancel(id, reason: reason)
        }
    }

    @Sendable private func pause(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try await answer(request, try fields(of: request)) { id throws(ServiceError) in try await service.pause(id) }
    }

    @Sendable private func resume(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try await answer(request, try fields(of: request)) { id throws(ServiceError) in try await service.resume(id) }
    }

    @Sendable private func move(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var fields = try fields(of: request)
        fields.require("backend")
        let backend = fields.backend("backend")
        return try await answer(request, fields) { id throws(ServiceError) in
            guard let backend else { throw .invalid([]) }
            return try await service.move(id, to: backend)
        }
    }

    @Sendable private func rerun(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var fields = try fields(of: request)
        let from = fields.value("from", expected: "the id of a node") { $0.string.flatMap(NodeID.init(checking:)) }
        let input = fields.value("input")
        let backend = fields.backend("backend")
        let issues = fields.finish()
        if !issues.isEmpty { throw .invalid(issues) }
        let id = try WorkflowRoutes.id(request)
        let idempotency = try WorkflowRoutes.idempotency(request, of: id.rawValue)
        let run: SubmittedRun
        do {
            run = try await service.rerun(
                id, from: from, input: input, backend: backend, idempotency: idempotency, executor: request.executor)
        } catch {
            throw Problem(error)
        }
        var response = accepted(run.snapshot)
        if run.isReplay { response.fields.append(("Idempotency-Replayed", "true")) }
        return response
    }

    /// The members of the request's body, which may be empty.
    private func fields(of request: HTTPRequest) throws(Problem) -> FieldReader {
        try request.refuseQuery()
        try request.checkConditions(nil)
        return FieldReader(try json.optionalObject(request) ?? JSONObject(), at: [])
    }

    private func answer(
        _ request: HTTPRequest, _ fields: FieldReader,
        _ act: (WorkflowID) async throws(ServiceError) -> RunSnapshot
    ) async throws(Problem) -> HTTPResponse {
        var fields = fields
        let issues = fields.finish()
        if !issues.isEmpty { throw .invalid(issues) }
        let id = try WorkflowRoutes.id(request)
        do { return accepted(try await act(id)) } catch { throw Problem(error) }
    }

    private func accepted(_ snapshot: RunSnapshot) -> HTTPResponse {
        var response = HTTPResponse.json(snapshot.representation(RunEncoding.bytes), status: 202)
        response.fields.append(("Location", "/workflows/\(snapshot.context.id)"))
        return response
    }
}
