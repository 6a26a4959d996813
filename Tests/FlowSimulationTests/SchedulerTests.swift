import FlowCore
import FlowSimulation
import Foundation
import Synchronization
import Testing

/// The scheduler and the clock of simulations.
@Suite("the scheduler of simulations", .timeLimit(.minutes(1)))
struct SchedulerTests {
    /// What was done, in order, and when.
    private final class Record: Sendable {
        private let lines = Mutex<[(number: Int, at: Int64)]>([])
        var numbers: [Int] { lines.withLock { $0.map(\.number) } }
        var times: [Int64] { lines.withLock { $0.map(\.at) } }
        func add(_ number: Int, _ scheduler: Scheduler) {
            let instant = scheduler.now.milliseconds - Scheduler.start.milliseconds
            lines.withLock { $0.append((number, instant)) }
        }
    }

    private func run(seed: UInt64) -> Record {
        let scheduler = Scheduler(generator: SeededGenerator(seed: seed))
        let clock = SimulationClock(scheduler)
        let record = Record()
        for number in 0..<16 {
            Task(executorPreference: SimulationExecutor(scheduler, owner: Scheduler.world)) {
                if number >= 8 {
                    try? await clock.sleep(until: Scheduler.start.advanced(by: .hours(number)), tolerance: nil)
                }
                record.add(number, scheduler)
            }
        }
        #expect(!scheduler.run(steps: 1000), "nobody has stopped it")
        return record
    }

    @Test("tasks run in an order that the seed gives, and sleep until the time has jumped as far as they wait for")
    func order() {
        let orders = (1...20).map { run(seed: $0).numbers }
        #expect(orders.allSatisfy { $0.prefix(8).sorted() == Array(0..<8) && $0.suffix(8) == Array(8..<16)[...] })
        #expect(Set(orders.map { Array($0.prefix(8)) }).count > 10)
        #expect(orders == (1...20).map { run(seed: $0).numbers })
        let hours = (8..<16).map { Int64($0) * 3_600_000 }
        #expect(run(seed: 1).times == [Int64](repeating: 0, count: 8) + hours)
    }

    @Test("of a server that is gone nothing is done any more, and its tasks end")
    func burial() async {
        let scheduler = Scheduler(generator: SeededGenerator(seed: 1))
        let clock = SimulationClock(scheduler, owner: 7)
        let record = Record()
        let task = Task(executorPreference: SimulationExecutor(scheduler, owner: 7)) {
            do {
                try await clock.sleep(until: Scheduler.start.advanced(by: .seconds(1)), tolerance: nil)
                record.add(1, scheduler)
            } catch {
                record.add(2, scheduler)
            }
        }
        scheduler.perform(after: .milliseconds(10), for: 7) { record.add(3, scheduler) }
        scheduler.perform(after: .milliseconds(5)) {
            clock.die()
            scheduler.bury(7)
        }
        _ = scheduler.run(steps: 1000)
        await task.value
        #expect(record.numbers == [2] && record.times == [5] && scheduler.violations.isEmpty)
    }

    @Test("work that comes in from another thread is a violation: its order would not follow from the seed")
    func otherThread() async {
        let scheduler = Scheduler(generator: SeededGenerator(seed: 1))
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        Task(executorPreference: SimulationExecutor(scheduler, owner: Scheduler.world)) {
            for await _ in stream {}
        }
        _ = scheduler.run(steps: 1000)
        // The task waits by now; whoever wakes it is another thread than that of the scheduler.
        Thread.detachNewThread { continuation.finish() }
        while scheduler.violations.isEmpty { await Task.yield() }
        #expect(scheduler.violations.map(\.invariant) == [.determinism])
    }
}

extension Duration {
    fileprivate static func hours(_ number: Int) -> Duration { .seconds(3600 * number) }
}
