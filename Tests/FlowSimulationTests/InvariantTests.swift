import FlowCore
import FlowSimulation
import Testing

/// What holds in every simulation, and that it is noticed when it does not.
@Suite("invariants of simulated servers", .timeLimit(.minutes(5)))
struct InvariantTests {
    @Test("they hold in every seed, with crashes, failing disks, refusing backends, cancelling and impatient clients")
    func hold() async {
        let total = await SimulationSweep(seeds: 1...200).run(parallel: 2)
        #expect(total.seeds == 200 && total.failed.isEmpty, "\(total.failed.map { ($0.seed, $0.violations) })")
        // The simulations are worth something only when things happen in them.
        let statistics = total.statistics
        #expect(statistics.crashes > 100 && statistics.lostAttempts > 50, "\(statistics)")
        #expect(
            [.completed, .failed, .cancelled].allSatisfy { statistics.runs[$0, default: 0] > 10 }, "\(statistics)")
        #expect(
            [.completed, .failed, .cancelled].allSatisfy { statistics.children[$0, default: 0] > 0 }, "\(statistics)")
    }

    /// Runs of nodes that were left behind by a crash (17, 276, 591, 1431, 2985), that their nodes could not follow after
    /// one (22, 101), and that ended for a reason which a crash took back (2294).
    @Test("seeds that have once found a bug hold", arguments: [17, 22, 101, 276, 591, 1431, 2294, 2985, 54470])
    func regressions(_ seed: UInt64) {
        let report = Simulation.run(seed: seed)
        #expect(report.violations.isEmpty, "\(report.violations)")
    }

    @Test("without faults no server ends and no attempt is lost")
    func faultless() async {
        var options = SimulationOptions()
        options.hasFaults = false
        let total = await SimulationSweep(seeds: 1...100, options: options).run(parallel: 2)
        #expect(total.failed.isEmpty, "\(total.failed.map { ($0.seed, $0.violations) })")
        #expect(total.statistics.crashes == 0 && total.statistics.lostAttempts == 0)
        #expect(total.statistics.runs[.cancelled] == nil && total.statistics.runs[.completed, default: 0] > 80)
    }

    @Test("a part that is broken on purpose is found by the invariant that it breaks", arguments: Sabotage.allCases)
    func sabotage(_ sabotage: Sabotage) async {
        var options = SimulationOptions()
        options.sabotage = sabotage
        let total = await SimulationSweep(seeds: 1...30, options: options).run(parallel: 1)
        let found = total.failed.flatMap(\.violations).map(\.invariant)
        #expect(found.contains(sabotage.breaks), "\(Set(found))")
    }
}
