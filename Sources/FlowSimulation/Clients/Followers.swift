import FlowCore
import FlowEngine

/// Those who look at a run, or meddle with it, while it is executed.
struct Followers: Sendable {
    let world: World
    let supervisor: Supervisor
    let id: WorkflowID

    /// Follows the run's events to their end, on one server after the other.
    func read() async {
        let reader = world.ledger.beginReading(id)
        while true {
            guard let server = await supervisor.server() else { return }
            let outcome = await server.call { [world, id] service throws(ServiceError) -> Bool in
                var cursor = try await service.events(of: id, after: world.ledger.lastPosition(ofReader: reader))
                while let events = try await cursor.next(until: service.clock.now.advanced(by: .seconds(2))) {
                    // What a server reads on after its crash nobody gets.
                    if server.isDead { return false }
                    world.ledger.given(events, toReader: reader)
                }
                return true
            }
            if case .success(true) = outcome { return }
            if case .failure(.notFound) = outcome {
                return world.scheduler.report(.acceptance, "run \(id) was accepted and is gone")
            }
            await world.pause(0...1000)
        }
    }

    /// Looks at the run's state now and then.
    func poll() async {
        while true {
            guard let server = await supervisor.server() else { return }
            if let snapshot = server.service?.snapshot(of: id) {
                world.ledger.observed(snapshot.context, at: world.scheduler.now)
                if snapshot.context.status.isFinished { return }
            } else if world.disk.run(id)?.entry.status.isFinished ?? true {
                return
            }
            await world.pause(1...700)
        }
    }

    /// Asks for the run's end at some instant, until the server has taken the wish or the run has ended.
    func cancel() async {
        await world.pause(0...(world.scheduler.chance(50) ? 30 : 3000))
        world.ledger.change(id) { $0.isCancelWished = true }
        while true {
            guard let server = await supervisor.server() else { return }
            let patience = world.scheduler.chance(world.plan.impatience) ? world.scheduler.number(0...30) : nil
            let outcome = await server.call(patience: patience) { [id] service throws(ServiceError) in
                try await service.cancel(id, reason: "a client wanted it")
            }
            switch outcome {
            case .success(let snapshot):
                world.log("run \(id) will be cancelled")
                if snapshot.context.cancelRequestedAt == nil {
                    world.scheduler.report(.outcome, "cancelling run \(id) is confirmed and not on disk")
                }
                return world.ledger.change(id) { $0.isCancelConfirmed = true }
            case .failure(.conflict): return
            case .failure, .lost: await world.pause(1...1000)
            }
        }
    }

    /// Pauses the run now and then, and has it go on again.
    func pause() async {
        for _ in 0..<world.scheduler.number(1...2) {
            await world.pause(0...(world.scheduler.chance(50) ? 30 : 2000))
            guard await insist({ [id] service throws(ServiceError) in try await service.pause(id) }) else { return }
            await world.pause(0...500)
            guard await insist({ [id] service throws(ServiceError) in try await service.resume(id) }) else { return }
        }
    }

    /// Moves the run to the other backend, and perhaps back.
    func move() async {
        for name in [SimulatedServer.other, .native].prefix(world.scheduler.number(1...2)) {
            await world.pause(0...(world.scheduler.chance(50) ? 30 : 2000))
            guard await insist({ [id] service throws(ServiceError) in try await service.move(id, to: name) }) else {
                return
            }
        }
    }

    /// Follows the runs that the run's nodes start, and meddles with some of them.
    func followChildren() async {
        var known: Set<WorkflowID> = [id]
        await withTaskGroup { group in
            while let run = world.disk.run(id), !run.entry.status.isFinished {
                for child in world.disk.runs {
                    guard let parent = child.context?.submission.parent, known.contains(parent.id),
                        known.insert(child.entry.id).inserted
                    else { continue }
                    let followers = Followers(world: world, supervisor: supervisor, id: child.entry.id)
                    if world.scheduler.chance(30) { group.addTask { await followers.read() } }
                    if world.scheduler.chance(world.plan.pausePercent) { group.addTask { await followers.pause() } }
                    if world.scheduler.chance(world.plan.movePercent) { group.addTask { await followers.move() } }
                    if world.scheduler.chance(world.plan.cancelPercent / 4) {
                        group.addTask { await followers.cancel() }
                    }
                }
                await world.pause(1...300)
                guard await supervisor.server() != nil else { return }
            }
        }
    }

    /// Asks for something until it is done or cannot be.
    ///
    /// - Returns: whether the run goes on.
    private func insist(
        _ wish: @escaping @Sendable (WorkflowService) async throws(ServiceError) -> RunSnapshot
    ) async -> Bool {
        while true {
            guard let server = await supervisor.server() else { return false }
            switch await server.call({ service throws(ServiceError) in try await wish(service).context.status }) {
            case .success(let status): return !status.isFinished
            case .failure(.conflict):
                // It has been done by an earlier try whose answer was lost, or the run comes to its end.
                return world.disk.run(id)?.entry.status.isFinished == false
            case .failure, .lost: await world.pause(1...500)
            }
        }
    }
}
