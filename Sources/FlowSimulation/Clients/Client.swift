import FlowCore
import FlowEngine

/// Submits one run, as often as it takes, and waits for its end.
struct Client: Sendable {
    let world: World
    let supervisor: Supervisor
    let plan: RunPlan

    /// How long a client waits before it asks again, in milliseconds.
    static let again = 1...2000

    func live() async {
        await world.pause(0...plan.submitAfter)
        guard let id = await submit() else { return }
        world.log("run \(id) is accepted")
        world.ledger.change(id) { $0.isAccepted = true }
        let followers = Followers(world: world, supervisor: supervisor, id: id)
        let wantsEnd = world.scheduler.chance(world.plan.cancelPercent)
        let wantsPause = world.scheduler.chance(world.plan.pausePercent)
        let wantsMove = world.scheduler.chance(world.plan.movePercent)
        await withTaskGroup { group in
            for _ in 0..<plan.readers { group.addTask { await followers.read() } }
            for _ in 0..<plan.pollers { group.addTask { await followers.poll() } }
            if !world.disk.definitions.isEmpty {
                group.addTask { await followers.followChildren() }
            }
            if wantsPause { group.addTask { await followers.pause() } }
            if wantsMove { group.addTask { await followers.move() } }
            if wantsEnd { group.addTask { await followers.cancel() } }
            group.addTask { await waitForEnd(of: id) }
        }
        if let rerun = plan.rerun { await repeatRun(id, rerun) }
    }

    private func request(_ workflow: Workflow, _ id: WorkflowID?) -> SubmitRequest {
        var request = SubmitRequest(workflow: workflow)
        request.input = plan.input
        request.workflowID = id
        if plan.hasHook { request.onCompletion = CompletionHook(url: "http://receiver/\(plan.number)") }
        request.idempotency = plan.key.map { .init(key: $0, fingerprint: "fingerprint of \($0)") }
        return request
    }

    /// Submits the run.
    ///
    /// - Returns: the run's id, or `nil` when it was refused for good or nobody knows what became of it.
    private func submit() async -> WorkflowID? {
        let workflow: Workflow
        do {
            workflow = try Workflow(decoding: plan.workflow)
        } catch {
            world.scheduler.report(.acceptance, "\(plan.workflow) is no workflow: \(error)")
            return nil
        }
        // Whether an earlier try may have been accepted without the client's knowing.
        var isUncertain = false
        while true {
            guard let server = await supervisor.server() else { return nil }
            let patience = world.scheduler.chance(world.plan.impatience) ? world.scheduler.number(0...30) : nil
            let wish = request(workflow, plan.id)
            if let id = plan.id { world.ledger.change(id) { $0.plan = plan } }
            let answer = await server.call(patience: patience) { [world, plan] service throws(ServiceError) in
                let submitted = try await service.submit(wish)
                world.ledger.change(submitted.snapshot.context.id) { $0.plan = plan }
                return submitted
            }
            switch answer {
            case .success(let submitted):
                let id = submitted.snapshot.context.id
                if submitted.isReplay, !isUncertain {
                    world.scheduler.report(.acceptance, "the first request with a key is answered with run \(id)")
                }
                see(submitted.snapshot.context)
                return id
            case .lost:
                isUncertain = true
            case .failure(.conflict(let reason)):
                guard isUncertain, let id = plan.id else {
                    world.scheduler.report(.acceptance, "a submission is refused: \(reason)")
                    return nil
                }
                // The earlier request may still be under way, and fail.
                if await isThere(id) { return id }
            case .failure(.unavailable(let reason)), .failure(.overloaded(let reason, _)):
                world.log("run \(plan.number) is not accepted: \(reason)")
                if patience != nil {
                    isUncertain = true
                } else if !isUncertain, let id = plan.id, world.scheduler.chance(30) {
                    world.ledger.refused(id)
                    return nil
                }
            case .failure(.idempotencyInFlight):
                break
            case .failure(let error):
                world.scheduler.report(.acceptance, "a submission is refused: \(error)")
                return nil
            }
            // Without a name for the run, a second try could make a second run.
            if isUncertain, plan.key == nil, plan.id == nil { return nil }
            await world.pause(Self.again)
        }
    }

    /// Whether the server has a run on its disk.
    private func isThere(_ id: WorkflowID) async -> Bool {
        guard let server = await supervisor.server() else { return false }
        let answer = await server.call { service throws(ServiceError) in try await service.load(id).context }
        guard case .success(let context) = answer else { return false }
        see(context)
        return true
    }

    func see(_ context: WorkflowContext) {
        world.ledger.observed(context, at: world.scheduler.now)
    }

    func waitForEnd(of id: WorkflowID) async {
        while true {
            guard let server = await supervisor.server() else { return }
            let time = Duration.milliseconds(world.scheduler.number(1...5000))
            switch await server.call({ service throws(ServiceError) in try await service.wait(for: id, atMost: time) })
            {
            case .success(let snapshot):
                see(snapshot.context)
                if snapshot.context.status.isFinished { return }
            case .failure(.notFound):
                return world.scheduler.report(.acceptance, "run \(id) was accepted and is gone")
            case .failure, .lost:
                break
            }
            await world.pause(Self.again)
        }
    }
}
