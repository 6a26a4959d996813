package import FlowCore
import HeapModule
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Runs everything of a simulation on one thread, one piece after the other, in an order that the seed gives.
///
/// What can run waits in a list of which the generator picks; what waits for an instant waits in a heap. When nothing
/// can run, the time jumps to the next instant. Nothing here waits for the real time or for another thread.
package final class Scheduler: Sendable {
    /// Whose work it is: of a server, all of which is gone when it crashes, or of the world around the servers.
    package typealias Owner = Int
    package static let world: Owner = 0
    /// The instant at which every simulation begins.
    package static let start = Timestamp(milliseconds: 1_700_000_000_000)

    /// How far the time moves at most while there is something to do.
    private static let longestHaste = Duration.milliseconds(500)

    private enum Work: Sendable {
        case job(UnownedJob, SimulationExecutor)
        case action(@Sendable () -> Void)
    }

    private struct Entry: Sendable {
        let number: Int
        let owner: Owner
        let work: Work
    }

    private struct Timer: Comparable, Sendable {
        let instant: Timestamp
        let number: Int

        static func < (left: Timer, right: Timer) -> Bool {
            (left.instant, left.number) < (right.instant, right.number)
        }
    }

    private struct State: Sendable {
        var now: Timestamp
        var generator: SeededGenerator
        var trace = Trace()
        var ready: [Entry] = []
        var timers = Heap<Timer>()
        var timed: [Int: Entry] = [:]
        var next = 0
        var steps = 0
        var dead: Set<Owner> = []
        var violations: [Violation] = []
        /// Out of a thousand steps so many move the time although something could run: a machine that is slow.
        var haste = 0
        var isStopped = false
        var isInVain = false
    }

    private let state: Mutex<State>
    private let thread: UInt

    package init(generator: SeededGenerator, haste: Int = 0, now: Timestamp = Scheduler.start) {
        thread = Self.currentThread
        state = Mutex(State(now: now, generator: generator, haste: haste))
    }

    private static var currentThread: UInt { UInt(pthread_self()) }

    // MARK: What the parts of a simulation draw and tell

    package var now: Timestamp { state.withLock { $0.now } }
    var steps: Int { state.withLock { $0.steps } }
    var traceHash: UInt64 { state.withLock { $0.trace.hash } }
    package var violations: [Violation] { state.withLock { $0.violations } }

    /// Draws from the simulation's generator.
    func draw<Value: Sendable>(_ body: @Sendable (inout SeededGenerator) -> Value) -> Value {
        state.withLock { body(&$0.generator) }
    }

    func chance(_ percent: Int) -> Bool { state.withLock { percent > 0 && $0.generator.chance(percent) } }
    func number(_ range: ClosedRange<Int>) -> Int { state.withLock { $0.generator.number(range) } }

    func mix(_ bytes: [UInt8]) { state.withLock { $0.trace.mix(bytes) } }
    func mix(_ text: String) { state.withLock { $0.trace.mix(text) } }

    /// Keeps what must not be; the first is the cause, as a rule.
    func report(_ invariant: Invariant, _ message: String) {
        state.withLock { state in
            guard state.violations.count < 20 else { return }
            state.violations.append(Violation(invariant: invariant, message: message, at: state.now))
        }
    }

    // MARK: Work

    func enqueue(_ job: UnownedJob, on executor: SimulationExecutor) {
        let isForeign = Self.currentThread != thread
        state.withLock { state in
            if isForeign {
                state.violations.append(
                    Violation(
                        invariant: .determinism, message: "work came in from another thread", at: state.now))
            }
            state.next += 1
            state.ready.append(Entry(number: state.next, owner: executor.owner, work: .job(job, executor)))
        }
    }

    /// Has something done once so much time has passed; at once means some time before the clock moves.
    ///
    /// - Returns: a number by which it can be called off.
    @discardableResult
    package func perform(
        after delay: Duration = .zero, for owner: Owner = world, _ action: @escaping @Sendable () -> Void
    ) -> Int {
        state.withLock { state in
            Self.add(&state, at: state.now.advanced(by: delay), owner, action)
        }
    }

    @discardableResult
    package func perform(at instant: Timestamp, for owner: Owner, _ action: @escaping @Sendable () -> Void) -> Int {
        state.withLock { Self.add(&$0, at: instant, owner, action) }
    }

    private static func add(
        _ state: inout State, at instant: Timestamp, _ owner: Owner, _ action: @escaping @Sendable () -> Void
    ) -> Int {
        state.next += 1
        let entry = Entry(number: state.next, owner: owner, work: .action(action))
        if instant <= state.now {
            state.ready.append(entry)
        } else {
            state.timed[entry.number] = entry
            state.timers.insert(Timer(instant: instant, number: entry.number))
        }
        return entry.number
    }

    /// Calls off what waits for an instant.
    package func callOff(_ number: Int) {
        state.withLock { state in
            if state.timed.removeValue(forKey: number) == nil { state.ready.removeAll { $0.number == number } }
        }
    }

    /// Ends the loop of ``run(steps:until:)`` after the current piece.
    ///
    /// - Parameter inVain: Whether what was waited for has not come.
    package func stop(inVain: Bool = false) {
        state.withLock { state in
            state.isStopped = true
            state.isInVain = inVain
        }
    }

    /// Runs pieces until somebody stops it, nothing is left, or so many have been run.
    ///
    /// - Returns: whether it was stopped because all is done.
    package func run(steps limit: Int) -> Bool {
        while true {
            let entry = state.withLock { state -> Entry? in
                guard !state.isStopped, state.steps < limit else { return nil }
                return Self.choose(&state)
            }
            guard let entry else { return state.withLock { $0.isStopped && !$0.isInVain } }
            perform(entry)
        }
    }

    private static func choose(_ state: inout State) -> Entry? {
        while true {
            if state.ready.isEmpty {
                guard advance(&state) else { return nil }
                continue
            }
            if state.haste > 0, state.generator.number(1...1000) <= state.haste {
                _ = advance(&state, atMost: Self.longestHaste)
            }
            let index = state.ready.count == 1 ? 0 : state.generator.number(0...state.ready.count - 1)
            let entry = state.ready[index]
            state.ready.swapAt(index, state.ready.count - 1)
            state.ready.removeLast()
            if case .action = entry.work, state.dead.contains(entry.owner) { continue }
            state.steps += 1
            state.trace.mix(entry.number)
            state.trace.mix(Int(state.now.milliseconds))
            return entry
        }
    }

    /// Moves the time to the next instant that something waits for, unless that is further away.
    private static func advance(_ state: inout State, atMost distance: Duration = .seconds(1 << 40)) -> Bool {
        while let first = state.timers.min {
            if state.timed[first.number] != nil {
                guard state.now.duration(to: first.instant) <= distance else { return false }
                state.now = max(state.now, first.instant)
                break
            }
            // It was called off.
            state.timers.removeMin()
        }
        let earlier = state.ready.count
        while let due = state.timers.min, due.instant <= state.now {
            state.timers.removeMin()
            if let entry = state.timed.removeValue(forKey: due.number) { state.ready.append(entry) }
        }
        return state.ready.count > earlier
    }

    private func perform(_ entry: Entry) {
        switch entry.work {
        case .action(let action): action()
        case .job(let job, let executor): job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
    }

    /// Ends an owner: nothing that it wanted done happens any more. Its tasks are run until they have ended, in a world
    /// of which they change nothing, so that they leave no memory behind.
    package func bury(_ owner: Owner, steps limit: Int = 100_000) {
        state.withLock { state in
            _ = state.dead.insert(owner)
            state.ready.removeAll { entry in
                if case .action = entry.work { entry.owner == owner } else { false }
            }
            let mine = state.timed.values.filter { $0.owner == owner }.map(\.number)
            for number in mine { state.timed[number] = nil }
        }
        for _ in 0..<limit {
            let entry = state.withLock { state -> Entry? in
                guard let index = state.ready.firstIndex(where: { $0.owner == owner }) else { return nil }
                return state.ready.remove(at: index)
            }
            guard let entry else { return }
            if case .job = entry.work { perform(entry) }
        }
        report(.ends, "the tasks of a server that crashed go on and on")
    }
}
