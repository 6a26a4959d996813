import FlowCore
import FlowEngine

/// What is looked at when all runs have ended.
struct FinalChecks: Sendable {
    let world: World
    let supervisor: Supervisor
    /// Whether all clients have come to their end.
    var isOver = true

    /// Compares each run as the last server gives it with the fold of its journal.
    func readBack() async {
        for run in world.disk.runs {
            let id = run.entry.id
            while true {
                guard let server = await supervisor.server() else { return }
                let outcome = await server.call { service throws(ServiceError) in
                    try await service.load(id).context
                }
                if case .success(let context) = outcome {
                    compare(context, run, "is given back")
                    break
                }
                await world.pause(100...1000)
            }
        }
    }

    /// Compares what was seen and what was done with what is on disk.
    func check() {
        let runs = world.disk.runs
        let replays = Dictionary(runs.map { ($0.entry.id, replay($0)) }) { first, _ in first }
        for run in runs {
            compareWithParent(run, replays)
            compareWithEarlier(run, replays)
        }
        checkReruns()
        checkDeliveries()
        checkAcceptance()
        checkReaders()
        for observation in world.ledger.observations {
            guard let run = world.disk.run(observation.context.id) else {
                world.scheduler.report(.acceptance, "run \(observation.context.id) was seen and is gone")
                continue
            }
            compare(observation.context, run, "was seen at \(observation.at.milliseconds)")
        }
    }

    private func compare(_ context: WorkflowContext, _ run: StoredRun, _ how: String) {
        let id = run.entry.id
        guard context.position <= run.lastPosition else {
            let place = "at position \(context.position)"
            return world.scheduler.report(.reading, "run \(id) \(how) \(place), and its journal ends before that")
        }
        guard let folded = ContextDifference.fold(id, run.events.prefix(context.position)) else {
            return world.scheduler.report(.fold, "run \(id) has no submission")
        }
        if let difference = ContextDifference.first(context, folded) {
            world.scheduler.report(.fold, "run \(id) \(how) otherwise than its journal says: \(difference)")
        }
    }

    private func checkAcceptance() {
        for id in world.ledger.runs where world.ledger.facts(of: id).isAccepted && world.disk.run(id) == nil {
            world.scheduler.report(.acceptance, "run \(id) was accepted and is gone")
        }
        for id in world.ledger.refusedRuns where world.disk.run(id) != nil {
            world.scheduler.report(.acceptance, "run \(id) was refused and is there")
        }
        var submissions: [Int: Int] = [:]
        var sequences: Set<Int64> = []
        for run in world.disk.runs {
            if !sequences.insert(run.entry.sequence).inserted {
                world.scheduler.report(.acceptance, "the sequence number \(run.entry.sequence) is given twice")
            }
            guard let number = world.ledger.facts(of: run.entry.id).plan?.number else { continue }
            submissions[number, default: 0] += 1
            if submissions[number] == 2 {
                world.scheduler.report(.acceptance, "one submission started two runs, one of them \(run.entry.id)")
            }
        }
    }

    private func checkReaders() {
        for reader in world.ledger.readers {
            let stored = world.disk.run(reader.id)?.events ?? []
            for (given, event) in zip(reader.events, stored) where given != event {
                world.scheduler.report(
                    .reading,
                    "a reader of run \(reader.id) got event \(given.position) at the place of \(event.position), or another"
                )
                break
            }
            if reader.events.count < stored.count, isOver {
                let got = "\(reader.events.count) of \(stored.count)"
                world.scheduler.report(.reading, "a reader of run \(reader.id) came to the end with \(got) events")
            }
            if reader.events.count > stored.count {
                world.scheduler.report(.reading, "a reader of run \(reader.id) got events that are gone")
            }
        }
    }
}
