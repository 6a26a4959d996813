import FlowCore
import FlowJSON

extension WorkflowService {
    /// Starts the run of a node, unless an earlier attempt of the node has, and waits for its end.
    ///
    /// - Throws: ``BackendError`` when the run cannot be followed now. It goes on by itself.
    func runChild(_ request: ChildRuns.Request) async throws(BackendError) -> NodeResult {
        func unavailable(_ message: String) -> BackendError {
            BackendError(.unavailable, backend: request.backend, message)
        }
        do throws(ServiceError) {
            try await startChild(request)
            if engine.children.isCancelled(request.id) { engine.children.cancel(request.id) }
            let context = try await end(ofChild: request.id)
            guard context.submission.parent == request.parent else {
                // Ids can be chosen, and this one can be told in advance.
                return .failure(
                    NodeFailure(.invalid, "there is a run \"\(request.id)\" already, which this node has not started"))
            }
            return Self.result(of: context)
        } catch {
            switch error {
            case .invalid(let issues):
                let reasons = issues.map(\.description).joined(separator: "; ")
                return .failure(NodeFailure(.invalid, "the run was not accepted: \(reasons)"))
            case .noHealthyBackend(let issues):
                throw unavailable("no backend is healthy: " + issues.map(\.detail).joined(separator: "; "))
            case .overloaded(let message, _), .unavailable(let message), .conflict(let message),
                .notFound(let message), .preconditionFailed(let message):
                throw unavailable(message)
            case .idempotencyMismatch, .idempotencyInFlight: throw unavailable("the run was not accepted")
            }
        }
    }

    /// Waits for the end of a run that a node has started.
    ///
    /// One that nobody drives is looked for: it may not have been taken up yet after a start, or have been left for a
    /// while by a journal that failed, and the node has no attempt to lose for that.
    private func end(ofChild id: WorkflowID) async throws(ServiceError) -> WorkflowContext {
        var absentSince: Timestamp?
        while true {
            if let run = store.live(id) {
                await run.wait(for: .max, until: nil, deadlines: engine.deadlines)
                if run.isFinished { return try await load(id).context }
                if !run.isAbandoned, run.failure == nil { absentSince = nil }
            } else {
                let status: WorkflowStatus?
                do { status = try await engine.journal.status(of: id) } catch { throw ServiceError(error) }
                // It may have been taken up meanwhile, and its last event not be in what readers see.
                let context = status?.isFinished ?? true ? try await load(id).context : nil
                if let context, context.status.isFinished { return context }
            }
            let now = engine.clock.now
            let since = absentSince ?? now
            absentSince = since
            let next = now.advanced(by: Self.absenceInterval)
            guard now < since.advanced(by: Self.childAbsence),
                (try? await engine.clock.sleep(until: next, tolerance: nil)) != nil
            else { throw .unavailable("the run \"\(id)\" is not being executed now") }
        }
    }

    /// How long a node waits for a run that nobody drives before its attempt fails.
    private static let childAbsence = rescueDelay * 2

    private func startChild(_ request: ChildRuns.Request) async throws(ServiceError) {
        guard store.live(request.id) == nil else { return }
        do throws(ServiceError) {
            _ = try await load(request.id)
            // One whose server stopped is taken up with all others that are unfinished.
            return
        } catch .notFound {
        } catch {
            throw error
        }
        var submission = SubmitRequest(definition: request.definition)
        submission.workflowID = request.id
        submission.input = request.input
        submission.variables = request.variables
        submission.backend = request.backend
        submission.labels = request.labels
        submission.durability = request.durability
        submission.traceparent = request.traceparent
        submission.parent = request.parent
        _ = try await submit(submission)
    }

    private static func result(of context: WorkflowContext) -> NodeResult {
        let link: JSONObject = ["workflow_id": .string(context.id.rawValue)]
        guard context.status != .completed else {
            return .success(output: context.output ?? .null, notes: CompletionNotes(metadata: link))
        }
        var details = link
        details["status"] = .string(context.status.rawValue)
        details["error"] = context.error?.json ?? .null
        let reason = context.error.map { ": \($0.message)" } ?? ""
        return .failure(
            NodeFailure(
                .childFailed, "the run \"\(context.id)\" is \(context.status.rawValue)\(reason)",
                retriable: context.error?.retriable ?? false, details: .object(details)))
    }
}
