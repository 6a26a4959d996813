import FlowCore
import FlowEngine

/// Runs the engine on a clock, a disk, backends and clients that all follow from a seed.
public enum Simulation {
    /// How long clients and runs may take by the simulation's clock.
    private static let patience = Duration.seconds(300)

    /// Runs the simulation of a seed to its end, on the thread of the caller.
    public static func run(seed: UInt64, options: SimulationOptions = SimulationOptions()) -> SimulationReport {
        var generator = SeededGenerator(seed: seed)
        let drawn = FaultPlan(using: &generator)
        let plan = options.hasFaults ? drawn : .none
        var workloads = WorkloadGenerator(generator: generator.fork())
        let runs = workloads.workload()
        let scheduler = Scheduler(generator: generator.fork(), haste: plan.haste)
        let world = World(scheduler, plan: plan, options: options, definitions: workloads.definitions)
        world.log("\(plan)")
        let supervisor = Supervisor(world)
        supervisor.start()
        let clients = runs.map { Client(world: world, supervisor: supervisor, plan: $0) }
        Task(executorPreference: world.executor) {
            await withTaskGroup { group in
                for client in clients { group.addTask { await client.live() } }
            }
            // Those of which no client knows have to end as well, also when they are only on their way to the disk.
            while world.disk.hasPendingDeliveries || supervisor.hasLiveRuns
                || world.disk.runs.contains(where: { !$0.entry.status.isFinished })
            {
                guard await supervisor.server() != nil else { return }
                await world.pause(1000...5000)
            }
            await FinalChecks(world: world, supervisor: supervisor).readBack()
            scheduler.stop()
        }
        let answerer = Answerer(world: world, supervisor: supervisor)
        Task(executorPreference: world.executor) { await answerer.live() }
        scheduler.perform(after: patience) { scheduler.stop(inVain: true) }
        let isOver = scheduler.run(steps: options.stepLimit)
        if !isOver {
            let open = world.disk.runs.filter { !$0.entry.status.isFinished }.map { "\($0.entry.id)" }
            scheduler.report(.ends, "the simulation does not end; open are \(open)")
        }
        FinalChecks(world: world, supervisor: supervisor, isOver: isOver).check()
        let statistics = statistics(of: world, supervisor)
        supervisor.finish()
        // Whoever still waits or sleeps comes to an end, so that nothing is left in memory.
        world.clock.die()
        scheduler.bury(Scheduler.world)
        return SimulationReport(
            seed: seed, violations: scheduler.violations, trace: scheduler.traceHash, journal: journal(of: world.disk),
            steps: scheduler.steps, statistics: statistics)
    }

    private static func statistics(of world: World, _ supervisor: Supervisor) -> SimulationStatistics {
        var statistics = SimulationStatistics()
        statistics.executions = world.ledger.executions
        statistics.crashes = supervisor.crashes
        statistics.steps = world.scheduler.steps
        for run in world.disk.runs {
            if run.context?.submission.parent == nil {
                statistics.runs[run.entry.status, default: 0] += 1
            } else {
                statistics.children[run.entry.status, default: 0] += 1
            }
            for node in run.context?.nodes ?? [] {
                statistics.lostAttempts += node.earlierAttempts.count { $0.error?.code == .lost }
            }
        }
        return statistics
    }

    private static func journal(of disk: SimulatedDisk) -> [UInt8] {
        var bytes: [UInt8] = []
        for run in disk.runs {
            for batch in run.batches {
                bytes += Array("\(run.entry.id) \(batch.first) ".utf8) + batch.bytes + [UInt8(ascii: "\n")]
            }
        }
        return bytes
    }
}
