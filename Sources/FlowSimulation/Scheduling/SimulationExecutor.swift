/// Where the tasks of one owner run: in the scheduler's order.
package final class SimulationExecutor: TaskExecutor {
    let owner: Scheduler.Owner
    private let scheduler: Scheduler

    package init(_ scheduler: Scheduler, owner: Scheduler.Owner) {
        self.scheduler = scheduler
        self.owner = owner
    }

    package func enqueue(_ job: consuming ExecutorJob) { scheduler.enqueue(UnownedJob(job), on: self) }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
