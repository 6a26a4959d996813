import FlowCore
import FlowEngine
import Synchronization

/// Keeps a server running: makes it crash and stop as the plan says, and starts another.
final class Supervisor: Sendable {
    private struct State: Sendable {
        var server: SimulatedServer?
        var isUp = false
        var isFinished = false
        var lives = 0
        var waiting: [CheckedContinuation<SimulatedServer?, Never>] = []
        var crashesLeft: Int
        var stopsLeft: Int
        /// The number of the point at which the server crashes next.
        var nextCrash: Int
        var crashes = 0
    }

    private let world: World
    private let state: Mutex<State>

    init(_ world: World) {
        self.world = world
        state = Mutex(
            State(
                crashesLeft: world.plan.crashes, stopsLeft: world.plan.stops,
                nextCrash: world.scheduler.number(1...25)))
        world.disk.watch { [weak self] in self?.passed($0) }
        for _ in 0..<world.plan.stops {
            world.scheduler.perform(after: .milliseconds(world.scheduler.number(1...500))) { [weak self] in
                self?.stop()
            }
        }
        if world.plan.crashes > 0, world.scheduler.chance(50) {
            // Also at an instant that has nothing to do with the disk.
            world.scheduler.perform(after: .milliseconds(world.scheduler.number(1...2000))) { [weak self] in
                self?.crash()
            }
        }
    }

    /// Whether the server holds runs that have not ended.
    var hasLiveRuns: Bool { state.withLock { $0.server }?.service?.store.activeRuns ?? 0 > 0 }

    /// How often a server crashed or stopped.
    var crashes: Int { state.withLock { $0.crashes } }

    /// The server, once one is up; `nil` when the simulation is over.
    func server() async -> SimulatedServer? {
        await withCheckedContinuation { continuation in
            let server = state.withLock { state -> SimulatedServer?? in
                if state.isFinished { return .some(nil) }
                if state.isUp, let server = state.server { return server }
                state.waiting.append(continuation)
                return nil
            }
            if let server { continuation.resume(returning: server) }
        }
    }

    /// Starts a server.
    func start() {
        let life = state.withLock { state -> Int? in
            guard !state.isFinished, state.server == nil else { return nil }
            state.lives += 1
            return state.lives
        }
        guard let life else { return }
        let server = SimulatedServer(world, owner: life)
        state.withLock { $0.server = server }
        world.log("server \(life) starts")
        server.boot { [self] isUp in
            guard isUp else {
                // Not from within its own task.
                world.scheduler.perform { [self] in end(server, "could not start") }
                return
            }
            let waiting = state.withLock { state in
                state.isUp = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume(returning: server) }
        }
    }

    /// Ends the last server for good.
    func finish() {
        let (server, waiting) = state.withLock { state in
            state.isFinished = true
            defer { state.waiting = [] }
            return (state.server, state.waiting)
        }
        for continuation in waiting { continuation.resume(returning: nil) }
        if let server { end(server, "the simulation is over") }
    }

    private func passed(_ point: Int) {
        let isDue = state.withLock { state in
            guard state.crashesLeft > 0, point >= state.nextCrash else { return false }
            state.crashesLeft -= 1
            state.nextCrash = point + world.scheduler.number(1...25)
            return true
        }
        if isDue { crash() }
    }

    private func crash() {
        guard let server = state.withLock({ $0.server }) else { return }
        end(server, "crashes")
    }

    /// Stops the server in order, within a grace.
    private func stop() {
        guard let server = state.withLock({ $0.isUp ? $0.server : nil }), let service = server.service else { return }
        world.log("server \(server.owner) stops")
        let grace = Duration.milliseconds(world.scheduler.number(0...300))
        server.spawn { [self] in
            await service.stop(grace: grace)
            world.scheduler.perform { [self] in end(server, "has stopped") }
        }
    }

    private func end(_ server: SimulatedServer, _ what: String) {
        let isCurrent = state.withLock { state in
            guard state.server === server else { return false }
            state.server = nil
            state.isUp = false
            state.crashes += 1
            return true
        }
        guard isCurrent else { return }
        world.log("server \(server.owner) \(what)")
        server.die(lost: world.disk.crash())
        world.scheduler.perform(after: .milliseconds(world.scheduler.number(0...400))) { [weak self] in self?.start() }
    }
}
