import FlowCore
import FlowEngine
import FlowJSON

/// Answers whatever waits for an answer, in all runs, also those of which no client knows.
struct Answerer: Sendable {
    let world: World
    let supervisor: Supervisor

    func live() async {
        while true {
            await world.pause(1...1500)
            guard let server = await supervisor.server() else { return }
            for run in world.disk.runs where !run.entry.status.isFinished {
                // What nobody waits for is to end without an answer.
                guard let context = run.context, isWanted(context) else { continue }
                for node in context.nodes where node.status == .interrupted {
                    await answer(node.id, of: run, server)
                }
            }
        }
    }

    /// Whether a node still waits for the run, if one has started it.
    private func isWanted(_ context: WorkflowContext) -> Bool {
        guard let parent = context.submission.parent else { return true }
        guard let outer = world.disk.run(parent.id)?.context, let index = outer.position(of: parent.node) else {
            return false
        }
        return !outer.status.isFinished && outer.cancelRequestedAt == nil
            && !outer.nodes[index].status.isFinished && outer.child(ofNodeAt: index) == context.id
    }

    private func answer(_ node: NodeID, of run: StoredRun, _ server: SimulatedServer) async {
        let id = run.entry.id
        let number = run.context?.submission.input["run"]?.integer.map(Int.init) ?? 0
        let answer = Answers.answer(node, run: number).result
        let outcome = await server.call { service throws(ServiceError) in
            try await service.answer(node, of: id, answer).context
        }
        switch outcome {
        case .success(let context):
            if context[node]?.status == .interrupted {
                world.scheduler.report(.outcome, "the answer to \(id)/\(node) is confirmed and not on disk")
            }
        case .failure(.invalid(let issues)):
            world.scheduler.report(.outcome, "the answer to \(id)/\(node) is refused: \(issues)")
        case .failure, .lost: break
        }
    }
}
