import FlowCore
import FlowEngine

extension FinalChecks {
    /// Compares what a run has taken over with the run that it repeats.
    func compareWithEarlier(_ run: StoredRun, _ replays: [WorkflowID: RunReplay]) {
        guard let submission = run.context?.submission, let origin = submission.origin else { return }
        func wrong(_ message: String) { world.scheduler.report(.outcome, "run \(run.entry.id) \(message)") }
        guard let earlier = replays[origin.id], earlier.end != nil else {
            return wrong("repeats run \(origin.id), which has not ended")
        }
        if let input = world.ledger.facts(of: run.entry.id).input, input != submission.input {
            wrong("works on \(submission.input), not \(input)")
        }
        for problem in earlier.problems(of: origin) { wrong(problem) }
    }

    /// Whether each run is repeated once, however often its client asked.
    func checkReruns() {
        var repeated: Set<WorkflowID> = []
        for run in world.disk.runs {
            guard let origin = run.context?.submission.origin else { continue }
            if !repeated.insert(origin.id).inserted {
                world.scheduler.report(.acceptance, "one request repeated run \(origin.id) twice")
            }
        }
    }
}
