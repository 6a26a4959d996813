import FlowCore
import FlowJSON

extension WorkflowService {
    /// How long a backend may take to tell how it is and what it takes, before it counts as unhealthy.
    static let matchTime: Duration = .seconds(2)
    /// How old what is known of a backend's health may be when one is chosen.
    static let matchAge: Duration = .seconds(5)

    /// The backend of a run: the one that was named, the workflow's own, or `native`; of `auto` the best match.
    ///
    /// One that was named is not asked how it is: a run waits for it, as it does when it fails later.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` with every need that is not met;
    ///   ``ServiceError/noHealthyBackend(_:)`` when `auto` finds only backends that are not healthy.
    nonisolated(nonsending) func choose(_ request: SubmitRequest) async throws(ServiceError) -> ChosenBackend {
        let name = request.backend ?? request.workflow.backend ?? .native
        guard name == .automatic else {
            guard let backend = registry.backend(name) else {
                try refuseUnknownBackend(request)
                throw .unavailable("the backend is being registered")
            }
            let unmet = await unmetNeeds(of: request, on: backend)
            guard unmet.isEmpty else { throw .invalid(unmet) }
            return ChosenBackend(backend: name, explanation: nil)
        }
        var considered: [BackendMatch] = []
        var open: [Question<BackendMatch>] = []
        defer { for question in open { question.cancel() } }
        let backends = registry.all
        let deadline = engine.clock.now.advanced(by: Self.matchTime)
        for (index, backend) in backends.enumerated() {
            if open.count <= index {
                open.append(assess(request, on: backend, by: deadline))
                // One that has to be waited for is no reason to ask the others only afterwards.
                if open[index].known == nil {
                    open += backends[(index + 1)...].map { assess(request, on: $0, by: deadline) }
                }
            }
            let match = await answer(to: open[index], of: backend, request, by: deadline)
            considered.append(match)
            if match.isAccepted {
                return ChosenBackend(
                    backend: match.backend, explanation: BackendMatch.explanation(of: considered))
            }
        }
        throw Self.refusal(of: considered)
    }

    /// Why none of the backends can run a workflow, the one that is closest to it first.
    private static func refusal(of matches: [BackendMatch]) -> ServiceError {
        let ranked = matches.ranked()
        func issues(_ matches: [BackendMatch]) -> [ValidationIssue] {
            matches.flatMap { match in
                match.unmet.map { ValidationIssue($0.pointer, "\(match.backend): \($0.detail)", code: $0.code) }
            }
        }
        let unhealthy = ranked.filter(\.isOnlyUnhealthy)
        return unhealthy.isEmpty ? .invalid(issues(ranked)) : .noHealthyBackend(issues(unhealthy))
    }

    /// Refuses a wish for a backend that there is not.
    ///
    /// - Throws: ``ServiceError/invalid(_:)`` with the backends that there are.
    public func refuseUnknownBackend(_ request: SubmitRequest) throws(ServiceError) {
        let name = request.backend ?? request.workflow.backend ?? .native
        guard name != .automatic, registry.backend(name) == nil else { return }
        throw .invalid(
            request.placed([
                ValidationIssue(
                    request.backendPointer, Self.unknown(name, among: registry), code: .unknownBackend)
            ]))
    }

    /// Tells of every backend whether it can run a workflow, the best one first. Each has a bounded time to answer, and all
    /// are asked at the same time.
    public func match(_ request: SubmitRequest) async -> [BackendMatch] {
        let backends = registry.all
        let deadline = engine.clock.now.advanced(by: Self.matchTime)
        let questions = backends.map { assess(request, on: $0, by: deadline) }
        defer { for question in questions { question.cancel() } }
        var matches: [BackendMatch] = []
        for (backend, question) in zip(backends, questions) {
            matches.append(await answer(to: question, of: backend, request, by: deadline))
        }
        return matches.ranked()
    }

    private func assess(
        _ request: SubmitRequest, on backend: RegisteredBackend, by deadline: Timestamp
    ) -> Question<BackendMatch> {
        Question(on: engine.executor) { [self] in
            await HealthAge.$acceptable.withValue(Self.matchAge) {
                // Asked first, since a backend that is healthy tells anew what it can do.
                let health = await backend.health()
                let details = await backend.backend.healthDetails()
                var unmet = await unmetNeeds(of: request, on: backend)
                if case .unhealthy(let reason) = health { unmet += Self.unhealthy(reason, request) }
                return BackendMatch(
                    backend: backend.name, unmet: unmet, health: health, healthDetails: details)
            }
        }
    }

    private func answer(
        to question: Question<BackendMatch>, of backend: RegisteredBackend, _ request: SubmitRequest,
        by deadline: Timestamp
    ) async -> BackendMatch {
        if let match = await question.answer(by: deadline, engine.deadlines) { return match }
        let reason = "it did not answer within \(DurationText.text(Self.matchTime))"
        return BackendMatch(
            backend: backend.name, unmet: Self.unhealthy(reason, request), health: .unhealthy(reason: reason),
            healthDetails: JSONObject())
    }

    private static func unhealthy(_ reason: String, _ request: SubmitRequest) -> [ValidationIssue] {
        request.placed([
            ValidationIssue(request.backendPointer, "the backend is unhealthy: \(reason)", code: .unhealthy)
        ])
    }

    static func unknown(_ name: BackendName, among registry: BackendRegistry) -> String {
        "there is no backend \"\(name)\"; there are \(registry.all.map { "\"\($0.name)\"" }.joined(separator: ", "))"
    }
}

extension SubmitRequest {
    /// Where a client named the run's backend, or would have.
    var backendPointer: JSONPointer {
        backend == nil && workflow.backend != nil ? ["workflow", "backend"] : ["backend"]
    }
}
