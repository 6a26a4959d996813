public import FlowCore
public import FlowJSON

extension WorkflowService {
    /// Starts a new run of an ended one's workflow, from one of its nodes on. What had completed and does not follow from
    /// that node is taken over.
    ///
    /// - Parameters:
    ///   - from: The node; `nil` repeats the whole run.
    ///   - input: What the new run works on; `nil` for the earlier one's input.
    ///   - backend: Who executes it; `nil` for the earlier one's backend.
    /// - Throws: ``ServiceError/conflict(_:)`` when the run has not ended; ``ServiceError/invalid(_:)`` when there is no
    ///   such node, or the backend cannot run the workflow.
    public func rerun(
        _ id: WorkflowID, from: NodeID?, input: JSONValue?, backend: BackendName?,
        idempotency: SubmitRequest.Idempotency? = nil, executor: (any TaskExecutor)? = nil
    ) async throws(ServiceError) -> SubmittedRun {
        let earlier = try await load(id).context
        guard earlier.status.isFinished, store.live(id) == nil || earlier.status.isFinished else {
            throw .conflict("the run has not ended; cancel it first, or wait for its end")
        }
        let submission = earlier.submission
        var request = SubmitRequest(workflow: earlier.graph.workflow)
        request.input = input ?? submission.input
        request.backend = backend ?? earlier.backend
        request.variables = submission.variables
        request.labels = submission.labels
        request.requires = submission.requires
        request.durability = submission.durability
        request.stored = submission.definition
        request.onCompletion = submission.onCompletion
        request.idempotency = idempotency
        request.executor = executor
        var taken: [NodeID: RunOrigin.Taken] = [:]
        if let from {
            guard let found = earlier.taken(from: from) else {
                throw .invalid([ValidationIssue(["from"], "the run \"\(id)\" has no node \"\(from)\" of its workflow")])
            }
            taken = found
        }
        request.origin = RunOrigin(id: id, from: from, taken: taken)
        do throws(ServiceError) {
            return try await submit(request)
        } catch .invalid(let issues) {
            throw .invalid(
                issues.map { issue in
                    let isOfEarlier = ["workflow", "on_completion", "requires"].contains(issue.pointer.tokens.first)
                    return isOfEarlier ? ValidationIssue([], issue.description) : issue
                })
        }
    }
}
