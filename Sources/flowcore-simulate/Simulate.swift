import ArgumentParser
import FlowSimulation

/// Simulates the engine, seed after seed.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flowcore-simulate",
        abstract: "Simulates the engine with crashes and other faults, each seed on a clock and in an order of its own."
    )

    @Option(help: "How many seeds.") var seeds: UInt64 = 1000
    @Option(help: "The first seed.") var first: UInt64 = 1
    @Option(help: "How many seeds are simulated at the same time.") var parallel = 2
    @Option(help: "Break a part on purpose: \(Sabotage.allCases.map(\.rawValue).joined(separator: ", ")).")
    var sabotage: String?
    @Flag(help: "Let nothing go wrong.") var faultless = false
    @Flag(help: "Tell everything that happens.") var verbose = false
    @Flag(help: "Write the hash of each seed's trace, and its journal, one seed after the other.") var traces = false

    func validate() throws {
        if let sabotage, Sabotage(rawValue: sabotage) == nil {
            throw ValidationError("unknown sabotage \"\(sabotage)\"")
        }
        guard parallel > 0, seeds > 0 else { throw ValidationError("at least one seed, and one at a time") }
    }

    func run() async throws {
        var options = SimulationOptions()
        options.hasFaults = !faultless
        options.sabotage = sabotage.flatMap(Sabotage.init(rawValue:))
        if verbose { options.log = { print($0) } }
        // By the program itself: another build may run a task's pieces in other places.
        let replay =
            ([CommandLine.arguments[0], "--verbose"] + (faultless ? ["--faultless"] : [])
            + (sabotage.map { ["--sabotage", $0] } ?? []) + ["--seeds", "1", "--first"]).joined(separator: " ")
        let start = ContinuousClock.now
        let sweep = SimulationSweep(seeds: first...(first + seeds - 1), options: options)
        let total = await sweep.run(parallel: verbose || traces ? 1 : parallel) { [traces] report in
            if traces {
                print("seed \(report.seed) trace \(report.trace)\n\(String(decoding: report.journal, as: UTF8.self))")
            }
            guard !report.violations.isEmpty else { return }
            // One text, so that the reports of two seeds do not mix.
            let lines = ["seed \(report.seed) failed; replay it with: \(replay) \(report.seed)"]
            print((lines + report.violations.map { "  \($0)" }).joined(separator: "\n"))
        }
        // The time is no part of what has to be the same every time.
        if !traces { print("\(total.seeds) seeds from \(first) on in \(ContinuousClock.now - start)") }
        print(total.statistics.description)
        if !total.failed.isEmpty {
            print("\(total.failed.count) seeds failed")
            throw ExitCode.failure
        }
    }
}
