import FlowCore
import FlowEngine

extension Client {
    /// Repeats a run that has ended, as often as it takes, and waits for the end of the other one.
    func repeatRun(_ earlier: WorkflowID, _ rerun: RunPlan.Rerun) async {
        guard world.disk.run(earlier)?.entry.status.isFinished == true,
            let id = await submit(rerun, of: earlier)
        else { return }
        world.log("run \(id) repeats \(earlier)")
        let input = rerun.input ?? plan.input
        world.ledger.change(id) { facts in
            facts.isAccepted = true
            facts.input = input
        }
        let followers = Followers(world: world, supervisor: supervisor, id: id)
        let wantsEnd = world.scheduler.chance(world.plan.cancelPercent)
        await withTaskGroup { group in
            for _ in 0..<plan.readers { group.addTask { await followers.read() } }
            if wantsEnd { group.addTask { await followers.cancel() } }
            group.addTask { await waitForEnd(of: id) }
        }
    }

    private func submit(_ rerun: RunPlan.Rerun, of earlier: WorkflowID) async -> WorkflowID? {
        let key = "rerun-\(plan.number)"
        while true {
            guard let server = await supervisor.server() else { return nil }
            let answer = await server.call { service throws(ServiceError) in
                try await service.rerun(
                    earlier, from: rerun.from, input: rerun.input, backend: nil,
                    idempotency: .init(key: key, fingerprint: key)
                ).snapshot.context
            }
            switch answer {
            case .success(let context):
                see(context)
                return context.id
            case .failure(.unavailable), .failure(.overloaded), .failure(.idempotencyInFlight), .lost: break
            case .failure(let error):
                world.scheduler.report(.acceptance, "repeating run \(earlier) is refused: \(error)")
                return nil
            }
            await world.pause(Self.again)
        }
    }
}
