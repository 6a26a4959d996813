import Crypto
import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

/// Submitting, reading and controlling runs.
struct WorkflowRoutes: Sendable {
    let service: WorkflowService
    let json: JSONBody
    /// The workflows of the last submissions: clients send the same ones over and over, with other inputs.
    private let recent = RecentMembers<Workflow>("workflow", most: 16, longest: 32 << 10)

    init(service: WorkflowService, json: JSONBody) {
        self.service = service
        self.json = json
    }

    var routes: [Route] {
        [
            Route(.post, "/workflows", .submitter, takesBody: true, wishes: .preferences, .suspending(submit)),
            Route(.get, "/workflows", .viewer, .suspending(list)),
            Route(.post, "/workflows/match", .viewer, takesBody: true, .suspending(match)),
            Route(
                .get, "/workflows/{workflow_id}", .viewer, wishes: [.preferences, .conditions],
                .either(now: readNow, later: read)),
            Route(.get, "/workflows/{workflow_id}/delivery", .viewer, .suspending(delivery)),
            Route(.delete, "/workflows/{workflow_id}", .submitter, produces: [], .suspending(delete)),
        ]
    }

    @Sendable private func submit(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        var timing = ServerTiming()
        var preferences = Preferences(request.fields.values("prefer"))
        let wait = preferences.applyWait(atMost: service.limits.maximumWait)
        let isMinimal = preferences.apply("return") { $0 == "minimal" || $0 == "representation" } == "minimal"
        _ = preferences.apply("respond-async")
        try preferences.applyHandling()
        var submission = try await decode(request)
        submission.idempotency = try Self.idempotency(request)
        timing.mark("decode")
        let accepted: SubmittedRun
        do { accepted = try await service.submit(submission) } catch { throw Problem(error) }
        timing.mark("accept")
        var snapshot = accepted.snapshot
        if let wait, !snapshot.context.status.isFinished {
            do { snapshot = try await service.wait(for: snapshot.context.id, atMost: wait) } catch {
                throw Problem(error)
            }
            timing.mark("run")
        }
        let isDone = wait != nil && snapshot.context.status.isFinished
        let bytes = isMinimal ? RunEncoding.minimal(snapshot.context) : snapshot.representation(RunEncoding.bytes)
        var response = HTTPResponse.json(bytes, status: isDone ? 200 : 202)
        response.fields.append(("Location", "/workflows/\(snapshot.context.id)"))
        response.fields.append(("Server-Timing", timing.field))
        if let field = preferences.field { response.fields.append(field) }
        if accepted.isReplay { response.fields.append(("Idempotency-Replayed", "true")) }
        return response
    }

    /// Reads a submission.
    func decode(_ request: HTTPRequest) async throws(Problem) -> SubmitRequest {
        let known = recent.known
        var recall: JSONRecall? = recent.recall(known)
        let object = try json.object(request, recall: &recall)
        do {
            var submission = try SubmitRequest(
                decoding: object, limits: service.limits.workflow,
                workflow: known.value(of: recall))
            recent.add(recall, submission.workflow)
            submission.executor = request.executor
            submission.traceparent = request.trace?.field
            return submission
        } catch {
            // What can be read of the nodes is checked as well, so that a client learns of everything at once.
            throw .invalid(error.issues + (await service.diagnose(object)) + service.diagnoseHook(object))
        }
    }

    /// The client's key, and a hash of the request by which another request with the same key is told apart.
    static func idempotency(
        _ request: HTTPRequest, maximum: Int = 255, of subject: String = ""
    ) throws(Problem) -> SubmitRequest.Idempotency? {
        let keys = request.fields.values("idempotency-key")
        guard let key = keys.first else { return nil }
        guard keys.count == 1, (1...maximum).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw Problem(
                400, "idempotency-key", "The idempotency key is not acceptable.",
                issues: [
                    Problem.Issue(
                        parameter: "Idempotency-Key", "expected one key of 1 to \(maximum) visible ASCII characters")
                ])
        }
        let digits = Array("0123456789abcdef".utf8)
        var fingerprint: [UInt8] = []
        // A text ends at its NUL, so that no subject and body together are another one's.
        let hashed = subject.isEmpty ? request.body : Array(subject.utf8) + [0] + request.body
        for byte in SHA256.hash(data: hashed) { fingerprint += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return SubmitRequest.Idempotency(key: key, fingerprint: String(decoding: fingerprint, as: UTF8.self))
    }

    @Sendable private func match(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        try request.checkConditions(nil)
        var submission = try await decode(request)
        do {
            submission = try await service.resolve(submission)
            try service.refuseUnknownBackend(submission)
        } catch {
            throw Problem(error)
        }
        let hookIssues = service.hookIssues(submission)
        guard hookIssues.isEmpty else { throw .invalid(hookIssues) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("backends")
        writer.beginArray()
        for match in await service.match(submission) { BackendEncoding.write(match, to: &writer) }
        writer.endArray()
        writer.endObject()
        return .json(writer.bytes)
    }

    /// Answers a plain read of a run that is in memory.
    @Sendable private func readNow(_ request: HTTPRequest) throws(Problem) -> HTTPResponse? {
        // Whether the text is an id at all matters only when no run has it.
        guard request.query == nil, !request.fields.contains("prefer"),
            let snapshot = service.snapshot(of: WorkflowID(request.parameters[0]))
        else { return nil }
        return try representation(snapshot, request)
    }

    @Sendable private func read(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        var query = QueryItems(request.query)
        let wait = query.value("wait", expected: "a duration such as 30s") {
            DurationText.parse($0) ?? Int($0).map { .seconds($0) }
        }
        try query.finish()
        let longest = service.limits.maximumWait
        var preferences = Preferences(request.fields.values("prefer"))
        // The parameter is the more exact of the two; with it the preference is not honoured.
        let wish = wait == nil ? preferences.applyWait(atMost: longest) : wait.map { min($0, longest) }
        try preferences.applyHandling()
        let id = try Self.id(request)
        var snapshot: RunSnapshot
        do {
            snapshot = try await service.load(id)
            if let wish, wish > .zero, !snapshot.context.status.isFinished {
                snapshot = try await service.wait(for: id, atMost: wish)
            }
        } catch {
            throw Problem(error)
        }
        var response = try representation(snapshot, request)
        // A wait that was cut short is told, whichever way it was asked for.
        if let wait, wait > longest { preferences.tell("wait", Preferences.seconds(longest)) }
        if let field = preferences.field { response.fields.append(field) }
        return response
    }

    private func representation(_ snapshot: RunSnapshot, _ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        let tag = EntityTag(String(snapshot.context.position))
        if request.isConditional {
            let conditions = try Preconditions(request.fields)
            try conditions.checkMatch(tag)
            if conditions.isKnown(tag) {
                return HTTPResponse(status: 304, fields: [("ETag", tag.field), ("Cache-Control", "no-cache")])
            }
        }
        var response = HTTPResponse.json(snapshot.representation(RunEncoding.bytes))
        response.fields.append(("ETag", tag.field))
        response.fields.append(("Cache-Control", "no-cache"))
        return response
    }

    @Sendable private func delivery(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let delivery: Delivery?
        do { delivery = try await service.delivery(of: try Self.id(request)) } catch { throw Self.problem(error) }
        return delivery.map { .json(HookEncoding.bytes($0)) } ?? HTTPResponse(status: 204)
    }

    @Sendable private func list(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let query = try RunQuery(request)
        let page: RunPage
        do { page = try await service.list(query) } catch { throw Problem(error) }
        var writer = JSONWriter(capacity: 512 * page.runs.count + 64)
        writer.beginObject()
        writer.field("workflows")
        writer.beginArray()
        for run in page.runs { RunEncoding.writeSummary(run.context, to: &writer) }
        writer.endArray()
        writer.field("next_cursor")
        writer.optional(page.next.map { String($0) })
        writer.endObject()
        var response = HTTPResponse.json(writer.bytes)
        if let next = page.next { response.linkNext(String(next), after: request) }
        return response
    }

    @Sendable private func delete(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        try request.refuseQuery()
        let id = try Self.id(request)
        do {
            if request.isConditional {
                let run = try await service.load(id).context
                // Of a run that goes on the version does not matter: it cannot be removed.
                if run.status.isFinished { try request.checkConditions(EntityTag(String(run.position))) }
            }
            // One that has ended is still in the version that was looked at.
            try await service.delete(id)
        } catch {
            throw Self.problem(error)
        }
        return HTTPResponse(status: 204)
    }

    /// The run that a path names.
    static func id(_ request: HTTPRequest) throws(Problem) -> WorkflowID {
        guard let id = WorkflowID(checking: request.parameters[0]) else {
            throw Problem(404, "not-found", "There is no run \"\(request.parameters[0].prefix(200))\".")
        }
        return id
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let error as Problem: error
        case let error as ServiceError: Problem(error)
        default: Problem(500, "internal", "The request failed.")
        }
    }
}
