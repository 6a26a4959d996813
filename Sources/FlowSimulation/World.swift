import FlowCore
import FlowEngine
import FlowJSON

/// All that is around the servers of a simulation.
final class World: Sendable {
    let scheduler: Scheduler
    let plan: FaultPlan
    let options: SimulationOptions
    let faults: FaultInjector
    let disk: SimulatedDisk
    let ledger: Ledger
    /// Where clients run and what they sleep by.
    let executor: SimulationExecutor
    let clock: SimulationClock

    init(
        _ scheduler: Scheduler, plan: FaultPlan, options: SimulationOptions,
        definitions: [DefinitionName: JSONObject]
    ) {
        self.scheduler = scheduler
        self.plan = plan
        self.options = options
        faults = FaultInjector(scheduler, plan: plan)
        disk = SimulatedDisk(
            scheduler, faults: faults, slowestWrite: plan.slowestWrite, sabotage: options.sabotage)
        disk.define(definitions)
        ledger = Ledger(ids: scheduler.draw { $0.fork() })
        executor = SimulationExecutor(scheduler, owner: Scheduler.world)
        clock = SimulationClock(scheduler)
    }

    /// Tells what happens, to whoever replays a seed.
    func log(_ line: @autoclosure () -> String) {
        guard let log = options.log else { return }
        log("\(scheduler.now.milliseconds - Scheduler.start.milliseconds) ms: \(line())")
    }

    /// Lets some time pass for a client.
    func pause(_ range: ClosedRange<Int>) async {
        let instant = scheduler.now.advanced(by: .milliseconds(scheduler.number(range)))
        // Clients are never cancelled: the sleep always ends by itself.
        try? await clock.sleep(until: instant, tolerance: nil)
    }
}
