import Synchronization

/// Says what goes wrong, until the budget of a plan is spent.
final class FaultInjector: Sendable {
    /// When a backend refuses an execution.
    enum Refusal: Sendable {
        case atOnce
        case afterWork
    }

    private let scheduler: Scheduler
    private let plan: Mutex<FaultPlan>

    init(_ scheduler: Scheduler, plan: FaultPlan) {
        self.scheduler = scheduler
        self.plan = Mutex(plan)
    }

    func failsWrite() -> Bool { plan.withLock { spend(&$0.failedWrites, $0.failedWritePercent) } }

    func failsRead() -> Bool { plan.withLock { spend(&$0.failedReads, $0.failedReadPercent) } }

    func failsDelivery() -> Bool { plan.withLock { spend(&$0.failedDeliveries, $0.failedDeliveryPercent) } }

    func refusal() -> Refusal? {
        guard plan.withLock({ spend(&$0.refusals, $0.refusalPercent) }) else { return nil }
        return scheduler.chance(50) ? .atOnce : .afterWork
    }

    private func spend(_ left: inout Int, _ percent: Int) -> Bool {
        guard left > 0, scheduler.chance(percent) else { return false }
        left -= 1
        return true
    }
}
