import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// What every backend is asked by whoever plans a run elsewhere: the protocol that a remote backend speaks.
struct WireRoutes: Sendable {
    private static let types = [MediaTypes.json, ServerSentEvent.mediaType]
    let service: WorkflowService
    let json: JSONBody
    let heartbeat: Duration

    var routes: [Route] {
        [
            Route(.post, "/backends/{name}/nodes/validate", .viewer, takesBody: true, .suspending(validate)),
            Route(
                .post, "/backends/{name}/nodes/execute", .submitter, takesBody: true, produces: Self.types,
                .suspending(execute)),
            Route(.post, "/backends/{name}/workflows/execute", .submitter, takesBody: true, .suspending(run)),
        ]
    }

    // MARK: Validating a node

    @Sendable private func validate(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        let hops = try WireFields.hops(request)
        let backend = try BackendRoutes.backend(request, in: service.registry)
        var fields = FieldReader(try json.object(request), at: [])
        fields.require("node")
        let value = fields.object("node")
        let wrong = fields.finish()
        guard wrong.isEmpty, let value else { throw .invalid(wrong) }
        let issues: [ValidationIssue]
        do {
            let node = try Node(decoding: .object(value), at: [], limits: service.limits.workflow)
            issues = await WireHops.$current.withValue(hops) {
                // The planner's own nodes never come to a backend.
                node.isControl ? [] : node.withoutTemplated(await backend.backend.validate(node))
            }
        } catch {
            issues = error.issues
        }
        var writer = JSONWriter(capacity: 64 + 128 * issues.count)
        writer.beginObject()
        writer.field("valid")
        writer.bool(issues.isEmpty)
        writer.field("errors")
        writer.beginArray()
        for issue in issues.prefix(100) {
            writer.beginObject()
            writer.field("pointer")
            writer.string(issue.pointer.description)
            writer.field("detail")
            writer.string(issue.detail)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    // MARK: Executing a node

    @Sendable private func execute(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        let hops = try WireFields.hops(request)
        let timeout = try WireFields.timeout(request) ?? service.limits.nodeTimeout
        let key = try WireFields.key(request, hops: hops)
        let name = try BackendRoutes.backend(request, in: service.registry).name
        let body = try json.object(request)
        var node: NodeRequest
        do { node = try NodeRequest(decoding: body, on: name, clock: service.clock) } catch {
            throw .invalid(error.issues)
        }
        node.deadline = timeout.map { service.clock.now.advanced(by: $0) }
        if let trace = request.trace { node.join(trace) }
        let follower: AttemptFollower
        let begun = WireHops.$current.withValue(hops) { () -> Result<AttemptFollower, ServiceError> in
            Result { () throws(ServiceError) in try service.begin(node, key: key, on: name) }
        }
        do { follower = try begun.get() } catch { throw Problem(error) }
        let type = MediaTypes.choose(accept: request.fields.values("accept"), from: Self.types) ?? MediaTypes.json
        var response: HTTPResponse
        if type == ServerSentEvent.mediaType {
            response = stream(follower, instance: request.path)
        } else {
            guard let outcome = await follower.outcome() else {
                throw Problem(503, "unavailable", "The client left before the node had ended.")
            }
            do { response = .json(JSONWriter.bytes(of: try outcome.get().json)) } catch { throw Problem(error) }
        }
        // So that whoever uses a connection again can tell a late answer to an earlier request from this one.
        if let named = request.fields["idempotency-key"] { response.fields.append(("Idempotency-Key", named)) }
        if follower.isReplay { response.fields.append(("Idempotency-Replayed", "true")) }
        return response
    }

    /// The parts of a result as they come, and the result, or the problem that stood in its way, as the last event.
    private func stream(_ follower: AttemptFollower, instance: String) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            fields: [
                ("Content-Type", ServerSentEvent.mediaType), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"),
            ],
            body: .stream { writer in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await beat(writer) }
                    await Self.send(follower, instance: instance, to: writer)
                    group.cancelAll()
                }
            })
    }

    /// Shows a client that waits for long that the server is there, and finds out whether the client is.
    private func beat(_ writer: any BodyWriter) async {
        let clock = service.clock
        while true {
            do { try await clock.sleep(until: clock.now.advanced(by: heartbeat), tolerance: nil) } catch { return }
            guard await writer.write(ServerSentEvent.heartbeat) else { return }
        }
    }

    private static func send(_ follower: AttemptFollower, instance: String, to writer: any BodyWriter) async {
        var count = 0
        while !Task.isCancelled {
            let news = await follower.news(after: count)
            count += news.chunks.count
            var bytes: [UInt8] = []
            for chunk in news.chunks {
                bytes += ServerSentEvent.bytes(event: "chunk", data: JSONWriter.bytes(of: chunk))
            }
            switch news.outcome {
            case .success(let result):
                bytes += ServerSentEvent.bytes(event: "result", data: JSONWriter.bytes(of: result.json))
            case .failure(let error):
                bytes += ServerSentEvent.bytes(event: "error", data: Problem(error).document(instance: instance))
            case nil: break
            }
            guard await writer.write(bytes), news.outcome == nil else { return }
        }
    }

    // MARK: Executing a workflow

    @Sendable private func run(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        let hops = try WireFields.hops(request)
        let timeout = try WireFields.timeout(request)
        let name = try BackendRoutes.backend(request, in: service.registry).name
        var submission = try await WorkflowRoutes(service: service, json: json).decode(request)
        guard submission.backend == nil || submission.backend == name else {
            throw .invalid([ValidationIssue(["backend"], "the path names the backend \"\(name)\"; leave the field out")]
            )
        }
        submission.backend = name
        // The same body under another backend's path is another request.
        submission.idempotency = try WorkflowRoutes.idempotency(request, of: name.rawValue)
        let wish = submission
        let submitted = await WireHops.$current.withValue(hops) { () -> Result<SubmittedRun, ServiceError> in
            do throws(ServiceError) { return .success(try await service.submit(wish)) } catch { return .failure(error) }
        }
        let accepted: SubmittedRun
        var run: RunSnapshot
        do {
            accepted = try submitted.get()
            run = accepted.snapshot
            let longest = service.limits.maximumWait
            run = try await end(of: run, within: min(timeout ?? longest, longest))
            if !run.context.status.isFinished {
                let isAbandoned = Task.isCancelled && submission.idempotency == nil
                if isAbandoned {
                    await cancel(run, reason: "whoever waited for the run has left")
                } else if let timeout, timeout <= longest, !Task.isCancelled {
                    await cancel(run, reason: "the deadline of the request has passed")
                    run = try await end(of: run, within: service.limits.cancelGrace)
                }
            }
        } catch {
            throw Problem(error)
        }
        var response = HTTPResponse.json(
            run.representation(RunEncoding.bytes), status: run.context.status.isFinished ? 200 : 202)
        response.fields.append(("Location", "/workflows/\(run.context.id)"))
        if accepted.isReplay { response.fields.append(("Idempotency-Replayed", "true")) }
        return response
    }

    private func end(of run: RunSnapshot, within time: Duration) async throws(ServiceError) -> RunSnapshot {
        run.context.status.isFinished ? run : try await service.wait(for: run.context.id, atMost: time)
    }

    private func cancel(_ run: RunSnapshot, reason: String) async {
        let id = run.context.id
        // Unstructured, since this task may be cancelled itself, which must not keep the request from the journal.
        await Task { [service] in _ = try? await service.cancel(id, reason: reason) }.value
    }
}

extension NodeRequest {
    /// Has calls that the node makes belong to a trace.
    fileprivate mutating func join(_ trace: TraceContext) {
        run = RunInformation(
            id: run.id, name: run.name, version: run.version, backend: run.backend, variables: run.variables,
            submittedAt: run.submittedAt, traceparent: trace.field)
    }
}
