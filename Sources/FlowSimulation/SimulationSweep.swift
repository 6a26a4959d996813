import Synchronization

/// Simulates seeds one after the other, several at the same time.
public final class SimulationSweep: Sendable {
    /// What came of all seeds.
    public struct Total: Sendable {
        /// How many were simulated.
        public var seeds = 0
        /// The reports of those in which something did not hold, without their journals.
        public var failed: [SimulationReport] = []
        /// Sums over all of them.
        public var statistics = SimulationStatistics()

        mutating func add(_ other: Total) {
            seeds += other.seeds
            failed += other.failed
            statistics.add(other.statistics)
        }
    }

    private let seeds: ClosedRange<UInt64>
    private let options: SimulationOptions
    private let next: Atomic<UInt64>

    /// Makes a sweep over seeds.
    public init(seeds: ClosedRange<UInt64>, options: SimulationOptions = SimulationOptions()) {
        self.seeds = seeds
        self.options = options
        next = Atomic(seeds.lowerBound)
    }

    /// Simulates all seeds.
    ///
    /// - Parameters:
    ///   - parallel: How many at the same time.
    ///   - each: Is given every report, from several threads.
    public func run(
        parallel: Int, each: @escaping @Sendable (SimulationReport) -> Void = { _ in }
    ) async -> Total {
        await withTaskGroup(of: Total.self) { group in
            for _ in 0..<max(1, parallel) { group.addTask { [self] in work(each) } }
            var total = await group.reduce(into: Total()) { $0.add($1) }
            total.failed.sort { $0.seed < $1.seed }
            return total
        }
    }

    private func work(_ each: @Sendable (SimulationReport) -> Void) -> Total {
        var total = Total()
        while true {
            let seed = next.add(1, ordering: .relaxed).oldValue
            guard seeds.contains(seed) else { return total }
            let report = Simulation.run(seed: seed, options: options)
            total.seeds += 1
            total.statistics.add(report.statistics)
            if !report.violations.isEmpty { total.failed.append(report) }
            each(report)
        }
    }
}
