import FlowCore
import FlowEngine

extension FinalChecks {
    /// Goes through a run's events anew, and compares what comes of it with the engine's own fold.
    func replay(_ run: StoredRun) -> RunReplay {
        let id = run.entry.id
        let known = world.ledger.facts(of: id)
        var facts = RunReplay.Facts()
        facts.id = id
        facts.run = { [disk = world.disk] in disk.run($0)?.context }
        facts.mayLoseSight = world.plan.mayLoseSight
        facts.refusals = known.refusals
        // Of a run that a node started the node may want the end, which is compared later.
        facts.isCancelWished = known.isCancelWished || run.context?.submission.parent != nil
        let replay = RunReplay.replay(run.events, facts)
        compare(run, replay)
        return replay
    }

    private func compare(_ run: StoredRun, _ replay: RunReplay) {
        let id = run.entry.id
        let known = world.ledger.facts(of: id)
        for problem in replay.problems { world.scheduler.report(.journal, "run \(id): \(problem)") }
        guard let context = run.context, context.status.isFinished else { return }
        if let end = replay.end, end != context.status {
            world.scheduler.report(.outcome, "run \(id) is \(context.status.rawValue), its journal says \(end)")
        }
        if known.isCancelConfirmed, context.status == .completed {
            world.scheduler.report(.outcome, "run \(id) completed although its cancelling was confirmed")
        }
        if context.status == .completed, context.output != replay.expectedOutput(of: 0) {
            world.scheduler.report(.outcome, "run \(id) has the output \(context.output.map { "\($0)" } ?? "none")")
        }
        if context.executionPath != replay.path {
            world.scheduler.report(.outcome, "run \(id) took the path \(context.executionPath), not \(replay.path)")
        }
        for node in context.nodes { compare(node, replay, id, context.status) }
    }

    private func compare(_ node: NodeContext, _ replay: RunReplay, _ id: WorkflowID, _ end: WorkflowStatus) {
        guard let state = replay.nodes[node.id] else {
            return world.scheduler.report(.outcome, "run \(id) has the node \(node.id) from nowhere")
        }
        let expected: NodeStatus
        switch state.status {
        case .pending: expected = end == .cancelled ? .cancelled : .skipped
        case .running, .interrupted, .cancelled: expected = .cancelled
        case .completed: expected = .completed
        case .failed, .tolerated: expected = .failed
        case .skipped: expected = .skipped
        }
        if node.status != expected {
            world.scheduler.report(
                .outcome, "run \(id): \(node.id) is \(node.status.rawValue), not \(expected.rawValue)")
        }
        if node.outputData != state.output {
            world.scheduler.report(.outcome, "run \(id): \(node.id) has another output than its journal says")
        }
    }
}
