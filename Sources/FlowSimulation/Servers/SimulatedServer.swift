import FlowCore
import FlowEngine
import Logging
import Synchronization

/// One life of the server, from its start to its crash or stop: the real engine on simulated surroundings.
final class SimulatedServer: Sendable {
    /// What came of a call.
    enum Outcome<Value: Sendable>: Sendable {
        case success(Value)
        case failure(ServiceError)
        /// The server crashed before it answered.
        case lost
    }

    private struct State: Sendable {
        var isDead = false
        /// Calls that have not been answered, each with what to do when the server crashes.
        var calls: [Int: @Sendable () -> Void] = [:]
        var next = 0
        var service: WorkflowService?
    }

    /// The backend beside `native`.
    static let other: BackendName = "other"

    let owner: Scheduler.Owner
    private let world: World
    private let executor: SimulationExecutor
    private let clock: SimulationClock
    private let journal: ServerJournal
    private let backends: [SimulatedBackend]
    private let state = Mutex(State())

    init(_ world: World, owner: Scheduler.Owner) {
        self.world = world
        self.owner = owner
        executor = SimulationExecutor(world.scheduler, owner: owner)
        clock = SimulationClock(world.scheduler, owner: owner)
        journal = ServerJournal(world.disk, owner: owner, sabotage: world.options.sabotage)
        backends = [.native, Self.other].map { [clock] in SimulatedBackend($0, world, clock: clock) }
    }

    var isDead: Bool { state.withLock { $0.isDead } }
    var service: WorkflowService? { state.withLock { $0.service } }

    /// Makes the engine and takes up what the last life left unfinished.
    ///
    /// - Parameter completion: Is told whether the server is up, unless it crashes first.
    func boot(_ completion: @escaping @Sendable (Bool) -> Void) {
        Task(executorPreference: executor) { [self] in
            // Nothing of what is logged matters to a simulation, and all of it would hang on the machine's clock.
            let logger = Logger(label: "simulation") { [world] _ in SimulationLogHandler(world) }
            var limits = EngineLimits()
            limits.parallelNodes = 4
            let registry = await BackendRegistry(
                builtIn: backends, factories: [], journal: journal, logger: logger)
            let service = WorkflowService(
                registry: registry, journal: journal, limits: limits, clock: clock, logger: logger,
                random: { [world] in Double(world.scheduler.number(0...999)) / 1000 }, executor: executor,
                hooks: CompletionHooks(
                    sender: SimulatedReceiver(world, clock: clock) { [weak self] in self?.isDead ?? true },
                    encode: { context, _, _ in SimulatedReceiver.body(of: context) }),
                makeID: { [world] in world.ledger.nextID(at: $0) })
            state.withLock { $0.service = service }
            do {
                _ = try await service.start()
                if !isDead { completion(true) }
            } catch {
                if !isDead { completion(false) }
            }
        }
    }

    /// Has the server do something that nobody waits for.
    func spawn(_ body: @escaping @Sendable () async -> Void) { Task(executorPreference: executor) { await body() } }

    /// Asks the server for something.
    ///
    /// - Parameter patience: After so many milliseconds the client goes away.
    func call<Value: Sendable>(
        patience: Int? = nil, _ body: @escaping @Sendable (WorkflowService) async throws(ServiceError) -> Value
    ) async -> Outcome<Value> {
        guard let service else { return .lost }
        return await withCheckedContinuation { continuation in
            let number = state.withLock { state -> Int? in
                guard !state.isDead else { return nil }
                state.next += 1
                state.calls[state.next] = { continuation.resume(returning: .lost) }
                return state.next
            }
            guard let number else { return continuation.resume(returning: .lost) }
            let task = Task(executorPreference: executor) { [self] in
                let outcome: Outcome<Value>
                do throws(ServiceError) {
                    outcome = .success(try await body(service))
                } catch {
                    outcome = .failure(error)
                }
                guard state.withLock({ $0.calls.removeValue(forKey: number) }) != nil else { return }
                continuation.resume(returning: outcome)
            }
            if let patience {
                world.scheduler.perform(after: .milliseconds(patience), for: owner) { task.cancel() }
            }
        }
    }

    /// Cuts the server off from everything; whoever waits for an answer gets none.
    ///
    /// - Parameter lost: What it asked of the disk and gets no answer to.
    func die(lost: [SimulatedDisk.Request]) {
        let calls = state.withLock { state in
            state.isDead = true
            state.service = nil
            defer { state.calls = [:] }
            return state.calls.sorted { $0.key < $1.key }.map(\.value)
        }
        for lose in calls { lose() }
        journal.die()
        for backend in backends { backend.die() }
        clock.die()
        // Whoever waits for the disk would wait for ever, and stay in memory.
        for request in lost { request.completion(JournalError(.unavailable, "the server has crashed")) }
        world.scheduler.bury(owner)
    }
}
