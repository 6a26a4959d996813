public import FlowCore
public import FlowJSON

extension WorkflowService {
    /// Where the hook of a submission is in its document.
    static let hookPlace: JSONPointer = ["on_completion"]

    /// Everything that keeps a submission's hook from being called.
    public func hookIssues(_ request: SubmitRequest) -> [ValidationIssue] {
        guard let hook = request.onCompletion else { return [] }
        guard let hooks else { return [ValidationIssue(Self.hookPlace, "this server tells nobody of the end of runs")] }
        var issues = hooks.issues(of: hook).map { $0.under(Self.hookPlace) }
        if let name = hook.secret {
            let place = Self.hookPlace.appending("secret")
            if let secret = engine.secrets?.secret(name.rawValue) {
                if WebhookSignature(secret: secret) == nil {
                    issues.append(
                        ValidationIssue(place, "the secret \"\(name)\" is no key: what follows whsec_ is no Base64"))
                }
            } else {
                issues.append(ValidationIssue(place, "the server has no secret \"\(name)\""))
            }
        }
        return issues
    }

    /// What there is to say of the hook in a submission that is not acceptable as a whole. Whoever reads the submission
    /// knows what is wrong with its form.
    public func diagnoseHook(_ submission: JSONObject) -> [ValidationIssue] {
        guard let value = submission["on_completion"],
            let hook = try? CompletionHook(decoding: value, at: Self.hookPlace)
        else { return [] }
        var request = SubmitRequest(workflow: Workflow(name: "", nodes: []))
        request.onCompletion = hook
        return hookIssues(request)
    }

    /// A run that the journal knows to have ended.
    func ended(_ id: WorkflowID) async throws(ServiceError) -> WorkflowContext {
        if let context = snapshot(of: id)?.context, context.status.isFinished { return context }
        // The end is on disk a moment before it is in the state that readers see, and who is told may be one of them.
        if let live = store.live(id) {
            let patience = engine.clock.now.advanced(by: .seconds(1))
            await live.wait(for: .max, until: patience, deadlines: engine.deadlines)
            if let context = live.snapshot?.context, context.status.isFinished { return context }
        }
        do {
            if let folded = try await fold(id), folded.status.isFinished { return folded }
        } catch {
            throw error.code == .notFound ? Self.unknown(id) : ServiceError(error)
        }
        throw Self.unknown(id)
    }

    /// How far the server has come with telling of a run's end.
    ///
    /// - Returns: `nil` when there is nothing to tell, not yet, or no more.
    /// - Throws: ``ServiceError/notFound(_:)`` when there is no such run.
    public func delivery(of id: WorkflowID) async throws(ServiceError) -> Delivery? {
        let context = try await load(id).context
        guard context.submission.onCompletion != nil, context.status.isFinished else { return nil }
        do { return try await hooks?.delivery(of: id) } catch { throw ServiceError(error) }
    }
}
