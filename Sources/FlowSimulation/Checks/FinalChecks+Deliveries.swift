import FlowCore
import FlowEngine

extension FinalChecks {
    /// Whether everybody was told of the end of their runs who wanted to know.
    func checkDeliveries() {
        for run in world.disk.runs where run.context?.submission.onCompletion != nil && run.entry.status.isFinished {
            guard isOver, !world.ledger.wasTold(run.entry.id) else { continue }
            world.scheduler.report(.told, "nobody was told of the end of run \(run.entry.id)")
        }
    }
}
